import Foundation

/// The address of a stream. Its description has no credentials; they leave this type only towards the camera.
public struct CameraURL: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    struct Login: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
        let user: String
        /// Empty where the camera has none.
        let password: String

        var description: String { "***" }
        var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// The original spelling, but without user and password for a stream: cameras with `{`, `|` or `%2F` in their path
    /// require exactly the documented spelling.
    let address: String
    /// Nil where neither the address nor a file has credentials.
    let login: Login?

    /// - Parameters:
    ///   - text: an `rtsp://` or `rtsps://` address or the path of a file.
    ///   - user, password: replace those of the address; no password is an empty one.
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

    /// The part before the @ of an address, %-encoded where necessary. A `%` that encodes nothing stands for itself.
    private static func login(_ text: Substring) -> Login {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map {
            $0.removingPercentEncoding ?? String($0)
        }
        return Login(user: parts[0], password: parts.count > 1 ? parts[1] : "")
    }

    /// The address as it was written, without user and password, and those; nil where there are none.
    package var parts: (address: String, login: (user: String, password: String)?) {
        (address, login.map { ($0.user, $0.password) })
    }

    public var isStream: Bool { Self.isStream(address) }
    package var isEncrypted: Bool { address.hasPrefix("rtsps://") }

    private static func isStream(_ text: String) -> Bool { text.hasPrefix("rtsp://") || text.hasPrefix("rtsps://") }

    public var description: String {
        guard login != nil, let scheme = address.range(of: "://") else { return Self.redact(address) }
        return Self.redact("\(address[..<scheme.upperBound])***@\(address[scheme.upperBound...])")
    }

    public var customMirror: Mirror { Mirror(self, children: ["address": description]) }

    /// `text` without possible secrets of the addresses in it: user and password, each value in a path
    /// (`/user=admin&password=…`, as used by some cameras) and the whole query.
    public static func redact(_ text: String) -> String {
        guard text.contains("://") else { return text }
        return text.replacing(#/([A-Za-z][A-Za-z0-9+.\-]*:\/\/)(\S*)/#) { "\($0.output.1)\(redacted($0.output.2))" }
    }

    /// The part after `://`, up to a blank.
    private static func redacted(_ address: Substring) -> String {
        let authority = address.prefix { !"/?#".contains($0) }
        let path = address.dropFirst(authority.count).prefix { $0 != "?" }
        let host = authority.lastIndex(of: "@").map { "***" + authority[$0...] } ?? String(authority)
        return host + path.replacing(#/([^\/&=]+=)[^\/&]*/#) { "\($0.output.1)***" }
            + (address.contains("?") ? "?***" : "")
    }
}

/// The transport of RTP.
public enum Transport: String, Sendable, Codable, CaseIterable {
    /// Over TCP, and over UDP where the camera refuses TCP or sends nothing over it.
    case auto
    case tcp
    case udp
}
