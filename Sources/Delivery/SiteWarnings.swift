public import Runtime
import Synchronization

/// What an operator should know of the site besides its cameras and its broker: of each matter the newest word.
///
/// Any thread may set one; the site's retained state tells them.
public final class SiteWarnings: Sendable {
    private let words = Mutex<[String: String]>([:])
    private let secrets: KnownSecrets

    /// - Parameter secrets: are taken out of each word: it may repeat what a library or the disk said.
    public init(secrets: KnownSecrets = KnownSecrets()) { self.secrets = secrets }

    /// - Parameters:
    ///   - text: nil where all is well again.
    ///   - matter: whose word this one replaces.
    /// - Returns: Whether that is news.
    @discardableResult
    public func set(_ text: String?, for matter: String) -> Bool {
        let text = text.map(secrets.redact)
        return words.withLock { words in
            defer { words[matter] = text }
            return words[matter] != text
        }
    }

    /// By matter.
    public var texts: [String] { words.withLock { words in words.sorted { $0.key < $1.key }.map(\.value) } }
}
