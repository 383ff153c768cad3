import Foundation

/// The address of a stream. Prints without credentials; they leave this type only towards the camera.
public struct CameraURL: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    struct Login: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
        let user: String
        /// Empty where the camera has none.
        let password: String

        var description: String { "***" }
        var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// As it was written, letter by letter, but without user and password where it is a stream's: of cameras that ask for
    /// `{`, `|` or `%2F` each one wants the very path that its maker has documented.
    let address: String
    /// Nil where neither the address nor a file gives any.
    let login: Login?

    /// - Parameters:
    ///   - text: an `rtsp://` or `rtsps://` address or the path of a file.
    ///   - user, password: replace what the address itself carries; no password is an empty one.
    public init(_ text: String, user: String? = nil, password: String? = nil) {
        guard Self.isStream(text), let scheme = text.range(of: "://") else {
            address = text
            login = nil
            return
        }
        let authority = text[scheme.upperBound...].prefix { !"/?#".contains($0) }
        let at = authority.lastIndex(of: "@")
        address = at.map { String(text[..<scheme.upperBound] + text[text.index(after: $0)...]) } ?? text
        login = user.map { Login(user: $0, password: password ?? "") } ?? at.map { Self.login(authority[..<$0]) }
    }

    /// What stands before the @ of an address, %-encoded where it must be. A sign that encodes nothing is itself.
    private static func login(_ text: Substring) -> Login {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map {
            $0.removingPercentEncoding ?? String($0)
        }
        return Login(user: parts[0], password: parts.count > 1 ? parts[1] : "")
    }

    public var isStream: Bool { Self.isStream(address) }
    var isEncrypted: Bool { address.hasPrefix("rtsps://") }

    private static func isStream(_ text: String) -> Bool { text.hasPrefix("rtsp://") || text.hasPrefix("rtsps://") }

    public var description: String {
        guard login != nil, let scheme = address.range(of: "://") else { return Self.redact(address) }
        return Self.redact("\(address[..<scheme.upperBound])***@\(address[scheme.upperBound...])")
    }

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

/// How RTP travels.
public enum Transport: String, Sendable, Codable, CaseIterable {
    /// Over TCP, and over UDP where the camera refuses TCP or sends nothing over it.
    case auto
    case tcp
    case udp
}
