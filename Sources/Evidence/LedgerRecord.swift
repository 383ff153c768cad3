import Foundation
internal import Video

/// One line of the ledger.
///
/// A line is a JSON object whose last member is `hash`: the SHA-256 of the line without that member, that is of
/// everything before `,"hash":` and a closing brace.
public struct LedgerRecord: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable {
        /// The first record of a ledger.
        case begin
        /// A message, and the files that belong to it.
        case message
        /// A picture that was taken on request; `incident` is its own id.
        case snapshot
        /// A day whose files were deleted because their time was over.
        case expired
        /// An incident whose files were deleted because the budget was spent.
        case evicted
    }

    /// A file beside the ledger.
    public struct File: Codable, Sendable, Equatable {
        /// Relative to the ledger's folder.
        public let file: String
        public let sha256: String

        public init(file: String, sha256: String) {
            self.file = file
            self.sha256 = sha256
        }

        /// Whether it names a place that the evidence store makes: day, incident, file; a ledger may be forged.
        var isInside: Bool {
            let parts = file.split(separator: "/", omittingEmptySubsequences: false)
            return parts.count == 3 && EvidenceStore.isDay(String(parts[0])) && !parts.contains { $0 == ".." }
        }
    }

    /// 1, 2, 3 … without gaps.
    public let number: Int
    public let kind: Kind
    /// RFC 3339, UTC: when it was written.
    public let at: String
    /// The `hash` of the record before; 64 zeros in the first one.
    public let previous: String
    /// Of the site that writes; only in `begin`.
    public var site: String?
    /// Of the message; in the others that of the last message before.
    public var sequence: Int64?
    public var incident: String?
    /// SHA-256 of the exact payload as it was published.
    public var payload: String?
    public var files: [File]?
    /// `YYYY-MM-DD`; only in `expired`.
    public var day: String?

    var evicting: UUID? { kind == .evicted ? incident.flatMap(UUID.init(uuidString:)) : nil }

    static let first = String(repeating: "0", count: 64)
    /// `,"hash":"` and 64 digits and `"}`.
    private static let tail = 9 + 64 + 2

    /// The line without its line feed, and the record's hash.
    func line() throws -> (text: [UInt8], hash: String) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = Array(try encoder.encode(self))
        let hash = SHA256.hex(body)
        return (body.dropLast() + Array(",\"hash\":\"\(hash)\"}".utf8), hash)
    }

    /// Reads a line; nil where it is no record or its hash is not that of its content.
    static func parse(_ line: [UInt8]) -> (record: LedgerRecord, hash: String)? {
        guard line.count > tail else { return nil }
        let body = line.dropLast(tail) + [UInt8(ascii: "}")]
        let hash = SHA256.hex(Array(body))
        guard line.suffix(tail).elementsEqual(Array(",\"hash\":\"\(hash)\"}".utf8)),
            let record = try? JSONDecoder().decode(LedgerRecord.self, from: Data(body))
        else { return nil }
        return (record, hash)
    }
}
