import Contract
import Foundation
import Runtime

/// What a simulated site has written, in one epoch of its store, and what has become of it.
struct SimulatedOutbox {
    struct Entry {
        let id: String
        let incident: String
        let revision: Int
        let state: String
        let review: String
        let topic: String
        let openTopic: String
        let isOpen: Bool
        /// Packed; nil once it had to make room.
        var payload: [UInt8]?
        var isDelivered = false
    }

    let epoch: String
    /// By sequence, from 1.
    private(set) var entries: [Entry] = []
    /// The first that no broker has.
    private var cursor = 0
    /// The highest that a state or an answer has named.
    private(set) var told: Int64 = 0
    private(set) var dropped: [ClosedRange<Int64>] = []

    init(epoch: String) { self.epoch = epoch }

    var last: Int64 { Int64(entries.count) }
    var undelivered: Int { entries[cursor...].count { !$0.isDelivered && $0.payload != nil } }

    mutating func append(_ entry: Entry) { entries.append(entry) }

    /// The next that are to be sent.
    mutating func pending(limit: Int) -> [(sequence: Int64, entry: Entry)] {
        while cursor < entries.count, entries[cursor].isDelivered || entries[cursor].payload == nil { cursor += 1 }
        var pending: [(sequence: Int64, entry: Entry)] = []
        for index in cursor..<entries.count where !entries[index].isDelivered && entries[index].payload != nil {
            pending.append((Int64(index) + 1, entries[index]))
            if pending.count == limit { break }
        }
        return pending
    }

    mutating func deliver(_ sequence: Int64) { entries[Int(sequence) - 1].isDelivered = true }

    mutating func tell() { told = last }
    mutating func tell(upTo sequence: Int64) { told = max(told, min(sequence, last)) }

    /// The oldest of what no broker has makes room.
    mutating func drop(_ count: Int) {
        for (sequence, _) in pending(limit: count) {
            entries[Int(sequence) - 1].payload = nil
            dropped = SequenceBook.joined(dropped + [sequence...sequence])
        }
    }

    /// What is held of a span, and what is not.
    func replay(_ span: ClosedRange<Int64>) -> (held: [Int64], missing: [ClosedRange<Int64>]) {
        let known = span.clamped(to: 1...max(1, last))
        guard last > 0, span.overlaps(known) else { return ([], [span]) }
        let held = known.filter { entries[Int($0) - 1].payload != nil }
        let gone = known.filter { entries[Int($0) - 1].payload == nil }.map { $0...$0 }
        return (Array(held), SequenceBook.joined(gone))
    }

    /// Spans that nobody can have any more: they had to make room, or were not sent when the store was lost.
    ///
    /// - Parameter isCurrent: it still exists, and sends what waits.
    func lost(isCurrent: Bool) -> [ClosedRange<Int64>] {
        let gone = entries.indices.filter { !entries[$0].isDelivered && (!isCurrent || entries[$0].payload == nil) }
        return SequenceBook.joined(gone.map { (Int64($0) + 1)...(Int64($0) + 1) })
    }

    /// The highest that anybody outside can know of.
    var heard: Int64 { max(told, Int64((entries.lastIndex { $0.isDelivered } ?? -1) + 1)) }
}
