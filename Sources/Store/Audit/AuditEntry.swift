import Contract
import Foundation
import Hashing

/// One entry of the audit log: a request, its sender and its result.
public struct AuditEntry: Sendable, Hashable, Codable {
    /// The kinds of entries; the names are part of the log's format.
    public enum Event: String, Sendable, Codable, CaseIterable {
        case configurationLoaded = "configuration.loaded"
        case reviewAccepted = "review.accepted"
        case reviewRefused = "review.refused"
        case commandAccepted = "command.accepted"
        case commandRefused = "command.refused"
        case messagesDropped = "messages.dropped"
        case replayIncomplete = "replay.incomplete"
        case evidenceDropped = "evidence.dropped"
        case storeReplaced = "store.replaced"
        case storeRestored = "store.restored"
        case ledgerShortened = "ledger.shortened"
        case accountChanged = "account.changed"
        case sessionOpened = "session.opened"
        case sessionRefused = "session.refused"
        case sessionClosed = "session.closed"
        case evidenceViewed = "evidence.viewed"
        case stillViewed = "still.viewed"
        case configurationChanged = "configuration.changed"
        case streamTested = "stream.tested"
        case camerasSearched = "cameras.searched"
        case cameraAdded = "camera.added"
        case incidentsExported = "incidents.exported"
        case caseChanged = "case.changed"
        case casesExported = "cases.exported"
        case deliveryRetried = "delivery.retried"
    }

    /// From 1, without gaps.
    public let number: Int64
    /// RFC 3339, in UTC.
    public let at: String
    public let event: Event
    /// The name in the request; empty for actions of the site itself.
    public let by: String
    public let facts: [String: String]
    /// The hash of the previous entry; 64 zeros for the first.
    public let previous: String
    /// SHA-256 over all of the above.
    public let hash: String

    init(number: Int64, at: String, event: Event, by: String, facts: [String: String], previous: String) throws {
        self.number = number
        self.at = at
        self.event = event
        self.by = by
        self.facts = facts
        self.previous = previous
        hash = try Self.hash(number: number, at: at, event: event, by: by, facts: facts, previous: previous)
    }

    /// Whether the entry is unchanged since it was written.
    public var isIntact: Bool {
        hash == (try? Self.hash(number: number, at: at, event: event, by: by, facts: facts, previous: previous))
    }

    private struct Content: Encodable {
        let number: Int64
        let at: String
        let event: Event
        let by: String
        let facts: [String: String]
        let previous: String
    }

    private static func hash(
        number: Int64, at: String, event: Event, by: String, facts: [String: String], previous: String
    ) throws -> String {
        let content = Content(number: number, at: at, event: event, by: by, facts: facts, previous: previous)
        return try SHA256.hex(try WireJSON.encode(content))
    }
}

/// The hash chain of the audit log: every entry carries the hash of the previous one.
public enum AuditChain {
    /// The `previous` of the first entry ever.
    public static let origin = String(repeating: "0", count: 64)

    /// Where a log differs from what was written.
    public struct Break: Error, Equatable, CustomStringConvertible {
        /// The entry at which the difference appears.
        public let number: Int64
        public let cause: String

        public var description: String { "the audit log is broken at entry \(number): \(cause)" }
    }

    /// Throws at the first entry that was changed, inserted or removed.
    ///
    /// - Parameter anchor: the entry before the oldest one; by default none.
    public static func verify(_ entries: [AuditEntry], after anchor: Anchor = Anchor()) throws(Break) {
        var last = anchor
        for entry in entries {
            guard entry.number == last.number + 1 else {
                throw Break(number: entry.number, cause: "entry \(last.number + 1) is missing")
            }
            guard entry.previous == last.hash else {
                throw Break(number: entry.number, cause: "it does not follow from the entry before")
            }
            guard entry.isIntact else { throw Break(number: entry.number, cause: "it was changed") }
            last = Anchor(number: entry.number, hash: entry.hash)
        }
    }

    /// The entry after which a log continues: the newest of those deleted for their age.
    public struct Anchor: Sendable, Hashable {
        public var number: Int64
        public var hash: String

        public init(number: Int64 = 0, hash: String = origin) {
            self.number = number
            self.hash = hash
        }
    }
}
