import Contract
import Foundation

/// What a dialect has published.
public struct DialectMessage: Sendable, Hashable {
    public enum Content: Sendable, Hashable {
        case bytes([UInt8])
        /// The newest one of its topic, sent when nothing else waits.
        case picture(DialectPicture)
    }

    public var topic: String
    public var content: Content
    public var isRetained: Bool

    public init(topic: String, _ content: Content, isRetained: Bool) {
        self.topic = topic
        self.content = content
        self.isRetained = isRetained
    }

    /// JSON, retained or not.
    init(topic: String, json value: some Encodable, isRetained: Bool) {
        self.init(topic: topic, .bytes(WireJSON.bytes(value)), isRetained: isRetained)
    }
}

/// A masked picture in the evidence folder.
public struct DialectPicture: Sendable, Hashable {
    /// Relative to the folder.
    public var file: String
    public var sha256: String

    public init(file: String, sha256: String) {
        self.file = file
        self.sha256 = sha256
    }
}

extension AlertEvent {
    /// The newest picture of the whole view, masked; nil where there is none.
    var newestPicture: DialectPicture? {
        let panoramas = data.evidence.filter { $0.masked && $0.role.hasPrefix("panorama") }
        func age(_ picture: Evidence) -> Double { Self.seconds(picture.taken) ?? 0 }
        let newest = panoramas.max { (age($0), $0.role) < (age($1), $1.role) }
        return newest.flatMap { picture in
            picture.file.map { DialectPicture(file: $0, sha256: picture.sha256) }
        }
    }

    /// Seconds since 1970 of a date of the message; nil for an invalid one.
    static func seconds(_ text: String) -> Double? {
        RFC3339.date(from: text).map { ($0.timeIntervalSince1970 * 1000).rounded() / 1000 }
    }
}
