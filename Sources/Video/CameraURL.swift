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

    public var isStream: Bool { secret.hasPrefix("rtsp://") || secret.hasPrefix("rtsps://") }

    public var description: String { Self.redact(secret) }

    public var customMirror: Mirror { Mirror(self, children: ["address": description]) }

    /// `text` without the user information of any address in it, and without passwords in its path or query, where some
    /// cameras want them (`/user=admin&password=…`).
    public static func redact(_ text: String) -> String {
        guard text.contains("://") else { return text }
        // Greedy up to the last @ before a blank or a slash: passwords may hold an @ themselves.
        return text.replacing(#/([A-Za-z][A-Za-z0-9+.\-]*:\/\/)[^\/\s]*@/#) { "\($0.output.1)***@" }
            .replacing(#/(?i)((?:user|username|usr|pass|password|passwd|pwd|psw|token|auth)=)[^&\s'",;]*/#) {
                "\($0.output.1)***"
            }
    }
}
