public import Contract
public import Foundation
import GRDB

extension Outbox {
    /// Records the results of messages, replies, replays and pictures: all of them, or none.
    package func settle(_ progress: DeliveryProgress, at date: Date = Date()) throws(OutboxError) {
        try Self.explaining("write down what the broker has had") {
            try writeMakingRoom(acknowledged: progress.messages.keys.sorted()) { db in
                try Self.mark(progress.messages, db)
                for (sequence, reason) in progress.unsendable.sorted(by: { $0.key < $1.key }) {
                    try Self.drop(sequence, reason: reason, at: date, db)
                }
                for (sequence, reason) in progress.refused.sorted(by: { $0.key < $1.key }) {
                    try Self.passOver(sequence, reason: reason, at: date, db)
                }
                if let reply = progress.reply {
                    try db.execute(sql: "DELETE FROM replies WHERE number <= ?", arguments: [reply])
                }
                if let replay = progress.replay { try Self.advance(replay, at: date, db) }
                for picture in progress.pictures.values { try Self.finish(picture, at: date, db) }
            }
        }
    }
}

/// Deliveries and refusals that are not recorded in the outbox yet.
///
/// Kept in memory while the disk accepts no writes, so that nothing is sent twice.
package struct DeliveryProgress {
    /// The running replay and the sequence at which it continues; nil where it has ended.
    package struct Replay {
        package let number: Int64
        package let next: Int64?
        /// Messages that it could not send, known at its end.
        package var skipped: Skipped?

        package init(number: Int64, next: Int64?, skipped: Skipped? = nil) {
            self.number = number
            self.next = next
            self.skipped = skipped
        }
    }

    package struct Skipped {
        package let replay: Int64
        package var messages: Int
        /// For the first of them.
        package let reason: String

        package init(replay: Int64, messages: Int, reason: String) {
            self.replay = replay
            self.messages = messages
            self.reason = reason
        }
    }

    package struct Picture {
        package let picture: AlertPicture
        /// Why it was abandoned.
        package let fault: String?

        package init(picture: AlertPicture, fault: String?) {
            self.picture = picture
            self.fault = fault
        }
    }

    /// By sequence, with the times of their acknowledgements.
    package var messages: [Int64: Date] = [:]
    /// Messages that this broker can never accept, by sequence, and why.
    package var unsendable: [Int64: String] = [:]
    /// Messages that the broker has refused and that were skipped, by sequence, and why.
    package var refused: [Int64: String] = [:]
    /// The number of the newest finished reply; all before it are finished too.
    package var reply: Int64?
    package var replay: Replay?
    /// By topic.
    package var pictures: [String: Picture] = [:]

    package init() {}

    package var isEmpty: Bool {
        messages.isEmpty && unsendable.isEmpty && refused.isEmpty && reply == nil && replay == nil && pictures.isEmpty
    }
}

extension Outbox {
    /// All messages about an incident that are still kept, in sequence.
    public func messages(of incident: UUID) throws(OutboxError) -> [AlertMessage] {
        try Self.explaining("read the messages of incident \(incident.text)") {
            try pool.read { db in
                try OutboxSchema.messages(db, where: "subject = ? ORDER BY sequence", arguments: [incident.text])
            }
        }
    }
}
