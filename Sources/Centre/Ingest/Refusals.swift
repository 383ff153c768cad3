import Contract
import Foundation
import MQTT
import Store

/// What was not taken, why, and how much of it: nothing is dropped silently.
struct Refusals: Sendable {
    enum Reason: String, Sendable, CaseIterable {
        /// No topic of the contract, or levels that do not lie in each other.
        case topic
        /// It lies outside of the centre's area.
        case area
        case tooLarge = "too_large"
        /// No JSON of the schema.
        case malformed
        /// The topic names another place, kind, incident or hash than the message.
        case mismatch
        /// Another message had this sequence before.
        case sequenceReused = "sequence_reused"
        /// So far ahead that no site can have written as much.
        case sequenceAbsurd = "sequence_absurd"
        /// A department's answer does not fit its case.
        case step
        /// The database does not take it.
        case store
    }

    struct Refusal: Sendable, Hashable {
        let id: String
        let at: Double
        let topic: String
        let reason: Reason
        let text: String
        /// Of the payload.
        let bytes: Int
        /// Its beginning, in what can be shown.
        let head: String

        init(_ received: Received, _ reason: Reason, _ text: String) {
            id = UUIDv7.make().text
            at = received.at
            self.reason = reason
            self.text = text
            topic = Self.plain(received.message.topic.utf8.prefix(256))
            bytes = received.message.payload.count
            head = Self.plain(received.message.payload.prefix(160))
        }

        private static func plain(_ bytes: some Sequence<UInt8>) -> String {
            String(
                String.UnicodeScalarView(
                    String(decoding: Array(bytes), as: UTF8.self).unicodeScalars.map {
                        $0.properties.generalCategory == .control ? "\u{FFFD}" : $0
                    }))
        }
    }

    /// That are kept.
    static let most = 100
    /// That are written in one transaction: a flood must not fill the database.
    private static let mostAtOnce = 10

    private(set) var counts: [Reason: Int] = [:]
    private var pending: [Refusal] = []

    mutating func add(_ refusal: Refusal) {
        counts[refusal.reason, default: 0] += 1
        if pending.count < Self.mostAtOnce { pending.append(refusal) }
    }

    /// Writes the new ones; to be followed by `written` once the transaction is.
    func write(_ db: any SQLConnection) throws {
        guard !pending.isEmpty else { return }
        for refusal in pending {
            try db.post(
                "INSERT INTO refusal (id, at, topic, reason, text, bytes, head) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    .text(refusal.id), .real(refusal.at), .text(refusal.topic), .text(refusal.reason.rawValue),
                    .text(refusal.text), .count(refusal.bytes), .text(refusal.head),
                ])
        }
        try db.execute(
            "DELETE FROM refusal WHERE id NOT IN (SELECT id FROM refusal ORDER BY id DESC LIMIT \(Self.most))")
    }

    mutating func written() { pending = [] }
}
