import Foundation

/// The address of a stream. Prints without credentials; they leave this type only towards libav.
public struct CameraURL: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    let secret: String

    /// - Parameters:
    ///   - text: an `rtsp://` or `rtsps://` address or the path of a file.
    ///   - user, password: replace what the address itself carries.
    public init(_ text: String, user: String? = nil, password: String? = nil) {
        guard let user, var parts = URLComponents(string: text) else {
            secret = text
            return
        }
        parts.user = user
        parts.password = password
        secret = parts.string ?? text
    }

    public var isStream: Bool { secret.hasPrefix("rtsp://") || isEncrypted }
    var isEncrypted: Bool { secret.hasPrefix("rtsps://") }

    public var description: String { Self.redact(secret) }

    public var customMirror: Mirror { Mirror(self, children: ["address": description]) }

    /// `text` without what may be secret in the addresses in it: user and password, each value in a path
    /// (`/user=admin&password=…`, as some cameras want it) and all of a query.
    public static func redact(_ text: String) -> String {
        guard text.contains("://") else { return text }
        return text.replacing(#/([A-Za-z][A-Za-z0-9+.\-]*:\/\/)(\S*)/#) { "\($0.output.1)\(redacted($0.output.2))" }
    }

    /// What follows `://`, up to a blank.
    private static func redacted(_ address: Substring) -> String {
        let authority = address.prefix { !"/?#".contains($0) }
        let path = address.dropFirst(authority.count).prefix { $0 != "?" }
        let host = authority.lastIndex(of: "@").map { "***" + authority[$0...] } ?? String(authority)
        return host + path.replacing(#/([^\/&=]+=)[^\/&]*/#) { "\($0.output.1)***" }
            + (address.contains("?") ? "?***" : "")
    }
}
