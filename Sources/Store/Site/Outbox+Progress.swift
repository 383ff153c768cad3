package import Foundation
import GRDB

extension Outbox {
    /// Writes down what has become of messages, replies, replays and pictures: all of it, or nothing.
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
