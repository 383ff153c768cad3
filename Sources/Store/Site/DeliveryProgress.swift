package import Contract
package import Foundation

/// What the broker has had, or will never take, and the outbox has not written down yet.
///
/// It stays in memory while the disk takes nothing, so that nothing goes out again.
package struct DeliveryProgress {
    /// The replay that is under way and the sequence with which it goes on; nil where it has ended.
    package struct Replay {
        package let number: Int64
        package let next: Int64?
        /// Messages that it could not send, once it has ended.
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
        /// Of the first of them.
        package let reason: String

        package init(replay: Int64, messages: Int, reason: String) {
            self.replay = replay
            self.messages = messages
            self.reason = reason
        }
    }

    package struct Picture {
        package let picture: AlertPicture
        /// Why it was given up.
        package let fault: String?

        package init(picture: AlertPicture, fault: String?) {
            self.picture = picture
            self.fault = fault
        }
    }

    /// By sequence, with the moments of their acknowledgements.
    package var messages: [Int64: Date] = [:]
    /// Messages that this broker can never take, by sequence, and why.
    package var unsendable: [Int64: String] = [:]
    /// Messages that the broker has refused and that were passed over, by sequence, and why.
    package var refused: [Int64: String] = [:]
    /// The number of the newest reply that is done with, as are all before it.
    package var reply: Int64?
    package var replay: Replay?
    /// By topic.
    package var pictures: [String: Picture] = [:]

    package init() {}

    package var isEmpty: Bool {
        messages.isEmpty && unsendable.isEmpty && refused.isEmpty && reply == nil && replay == nil && pictures.isEmpty
    }
}
