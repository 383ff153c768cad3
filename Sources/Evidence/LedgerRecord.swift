import Foundation
import Hashing
internal import Video

/// One record of the ledger; docs/evidence.md shows its line.
public struct LedgerRecord: Codable, Sendable, Equatable {
    public enum Kind: String, Codable, Sendable {
        /// The first record of a ledger.
        case begin
        /// From this record on another key signs.
        case key
        /// A message, and its files.
        case message
        /// Messages that will have no record: they were deleted from the store before they were recorded.
        case gap
        /// A picture taken on request; `incident` is its own id.
        case snapshot
        /// A day whose files were deleted for their age.
        case expired
        /// An incident whose files were deleted because the budget was exceeded.
        case evicted
        /// The ledger was found damaged, or shorter than the store's mark.
        case repaired
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

        /// Whether it is a path of the evidence store: day, incident, file; a ledger may be forged.
        var isInside: Bool { EvidenceName(file) != nil }
    }

    /// The state in which the ledger was found.
    public struct Damage: Codable, Sendable, Equatable {
        public var what: String
        /// The file with the removed bytes, beside the ledger.
        public var aside: String?
        /// SHA-256 of the removed bytes.
        public var sha256: String?
        /// The last record that the store remembers, where the ledger no longer contains it.
        public var number: Int?
        public var hash: String?
    }

    /// 1, 2, 3 … without gaps.
    public let number: Int
    public let kind: Kind
    /// RFC 3339, UTC: the time of writing.
    public let at: String
    /// The `hash` of the previous record; 64 zeros in the first one.
    public let previous: String
    /// Of the writing site; only in `begin`.
    public var site: String?
    /// The public key that signs from here on; in `begin` and `key`.
    public var key: String?
    /// Of the store that the sequence belongs to: after the loss of a store it restarts at 1, with another epoch.
    public var epoch: String?
    /// In a `gap` the first missing sequence.
    public var first: Int64?
    /// Of the message, or of the last message of a `gap`; otherwise of the preceding message.
    public var sequence: Int64?
    public var incident: String?
    /// SHA-256 of the exact published payload.
    public var payload: String?
    public var files: [File]?
    /// Files of the message that were missing when the record was written.
    public var absent: [File]?
    /// `YYYY-MM-DD`; only in `expired`.
    public var day: String?
    /// Retention of evidence in days; only in `expired`.
    public var keepDays: Int?
    /// Start of the day's age, where its date is impossible; only in `expired`.
    public var since: String?
    /// In `repaired`, and in a `begin` that replaces another ledger.
    public var found: Damage?

    private enum CodingKeys: String, CodingKey {
        case number, kind, at, previous, site, key, epoch, first, sequence, incident, payload, files, absent, day, since
        case found
        case keepDays = "keep_days"
    }

    static let first = String(repeating: "0", count: 64)

    var evicting: UUID? { kind == .evicted ? incident.flatMap(UUID.init(uuidString:)) : nil }
    /// Not an action of the site, so that an interrupted eviction is still its last action.
    var isAboutTheLedger: Bool { kind == .key || kind == .repaired }

    /// The record without hash and signature.
    func body() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }
}

/// A record with its proof: a line is a JSON object whose last member is `hash`, the SHA-256 of the line without that
/// member, that is of everything before `,"hash":` and a closing brace; in signed ledgers `signature` follows, over the
/// hash.
struct LedgerLine {
    /// Longest line of a record, in bytes: a message is at most 8 KiB, and mentions its files in less.
    static let longest = 1 << 16

    let record: LedgerRecord
    let hash: String
    /// Nil in ledgers of versions without keys.
    let signature: [UInt8]?
    /// Whether it equals, byte for byte, this version's serialisation of the record.
    let isCanonical: Bool

    enum Reading {
        case line(LedgerLine)
        /// The hash is right, but the record is from a later version.
        case unknown
        case damaged
    }

    /// The line of a new record without its line feed, and the record's hash.
    static func write(_ record: LedgerRecord, key: SiteKey?) throws -> (text: [UInt8], hash: String) {
        let body = try record.body()
        let hash = try SHA256.hex(body)
        var text = body.dropLast() + Array(",\"hash\":\"\(hash)\"".utf8)
        if let key {
            text += Array(",\"signature\":\"\(Hexadecimal.text(try key.sign(signed(hash))))\"".utf8)
        }
        return (text + [UInt8(ascii: "}")], hash)
    }

    /// The signed bytes: the hash, after a prefix that no other use of the key has.
    static func signed(_ hash: String) -> [UInt8] { Array("gridwarden ledger 1\n\(hash)".utf8) }

    static func read(_ line: [UInt8]) -> Reading {
        guard line.last == UInt8(ascii: "}"), line.count <= longest else { return .damaged }
        var rest = line.dropLast()
        let signature = cut(&rest, "signature", bytes: LedgerKey.signatureCount)
        guard let hash = cut(&rest, "hash", bytes: 32) else { return .damaged }
        let body = Array(rest) + [UInt8(ascii: "}")]
        let text = Hexadecimal.text(hash)
        guard (try? SHA256.hex(body)) == text else { return .damaged }
        guard let record = try? JSONDecoder().decode(LedgerRecord.self, from: Data(body)) else { return .unknown }
        return .line(
            LedgerLine(record: record, hash: text, signature: signature, isCanonical: (try? record.body()) == body))
    }

    static func parse(_ line: [UInt8]) -> LedgerLine? {
        guard case .line(let result) = read(line) else { return nil }
        return result
    }

    func isSigned(by key: LedgerKey) -> Bool {
        signature.map { key.verifies($0, of: Self.signed(hash)) } ?? false
    }

    /// Removes a last member of lower-case digits; nil where there is none.
    private static func cut(_ rest: inout ArraySlice<UInt8>, _ name: String, bytes: Int) -> [UInt8]? {
        let head = Array(",\"\(name)\":\"".utf8)
        let count = head.count + 2 * bytes + 1
        let member = rest.suffix(count)
        guard member.count == count, member.starts(with: head), member.last == UInt8(ascii: "\""),
            let value = Hexadecimal.bytes(member.dropFirst(head.count).dropLast())
        else { return nil }
        rest = rest.dropLast(count)
        return value
    }
}
