import Foundation

/// What the broker has had, or will never take, and the outbox has not written down yet.
///
/// It stays in memory while the disk takes nothing, so that nothing goes out again.
struct DeliveryProgress {
    /// The replay that is under way and the sequence with which it goes on; nil where it has ended.
    struct Replay {
        let number: Int64
        let next: Int64?
        /// Messages that it could not send, once it has ended.
        var skipped: Skipped?
    }

    struct Skipped {
        let replay: Int64
        var messages: Int
        /// Of the first of them.
        let reason: String
    }

    struct Picture {
        let picture: AlertPicture
        /// Why it was given up.
        let fault: String?
    }

    /// By sequence, with the moments of their acknowledgements.
    var messages: [Int64: Date] = [:]
    /// Messages that this broker can never take, by sequence, and why.
    var unsendable: [Int64: String] = [:]
    /// The number of the newest reply that is done with, as are all before it.
    var reply: Int64?
    var replay: Replay?
    /// By topic.
    var pictures: [String: Picture] = [:]

    var isEmpty: Bool {
        messages.isEmpty && unsendable.isEmpty && reply == nil && replay == nil && pictures.isEmpty
    }
}
