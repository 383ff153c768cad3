import Foundation
import TestSupport
import Testing

@testable import Contract
@testable import Store

/// A database that counts anew: what it had counted before is another count.
struct EpochTests {
    private let fixtures: Fixtures
    private let folder: TemporaryFolder
    private let outbox: Outbox

    init() throws {
        fixtures = try Fixtures()
        folder = try TemporaryFolder()
        outbox = try Outbox(file: folder.file("outbox.sqlite"), sendsPictures: true)
    }

    @Test func `another epoch counts from 1, and what waits keeps its own number, epoch and id`() throws {
        let incidents = (0..<5).map { _ in fixtures.incident() }
        for incident in incidents { try fixtures.append(incident, to: outbox) }
        try outbox.markDelivered([1: Date(), 2: Date(), 3: Date()])
        let waiting = try outbox.pending(limit: 10)
        let before = outbox.epoch
        try outbox.beginEpoch(.storeRestored, facts: ["before": before])
        #expect(outbox.epoch > before)
        #expect(try Outbox(file: folder.file("outbox.sqlite")).epoch == outbox.epoch)
        let entry = try #require(try outbox.auditEntries().last)
        #expect(entry.event == .storeRestored && entry.facts == ["before": before, "epoch": outbox.epoch])
        try outbox.verifyAudit()

        // They go out as they are, before what is new.
        try fixtures.append(fixtures.incident(), to: outbox)
        let pending = try outbox.pending(limit: 10)
        #expect(pending.map(\.sequence) == [-1, 0, 1])
        #expect(pending.map(\.payload).prefix(2) == waiting.map(\.payload)[...])
        let new = try AlertEvent(json: Data(pending[2].payload))
        #expect(Int64(new.sequence) == 1 && new.epoch == outbox.epoch)
        #expect(try outbox.lastSettled() == 1 && outbox.messages(from: 1, through: 9).count == 1)

        // Of an incident from before there can be more to say.
        let last = try #require(
            try outbox.append(incidents[0]) {
                try AlertMessage(again: waiting[0], as: $0, sequence: $1, epoch: outbox.epoch, at: Date())
            })
        #expect(last.sequence == 2)
        // A backup may be put back twice.
        try outbox.beginEpoch(.storeRestored)
        try fixtures.append(fixtures.incident(), to: outbox)
        #expect(try outbox.pending(limit: 10).count == 5)
        #expect(try outbox.counts().lastSequence == 1)
        #expect(try outbox.gapReport().missing == [])
        try outbox.check()
    }

    @Test func `what an earlier store counted is dropped and blocked by the numbers that it had there`() async throws {
        let outbox = try Outbox(file: folder.file("small.sqlite"), budget: OutboxBudget(messages: 4))
        for _ in 0..<4 { try fixtures.append(fixtures.incident(), to: outbox) }
        let before = outbox.epoch
        try outbox.beginEpoch(.storeRestored)
        let first = try #require(try outbox.pending(limit: 1).first)
        #expect(first.sequence == -3)
        let blocked = BlockedDelivery(first, topic: "t", reason: "r")
        #expect(blocked.sequence == 1 && blocked.epoch == before)

        // Each takes the place of one from before.
        for _ in 0..<4 { try fixtures.append(fixtures.incident(), to: outbox) }
        #expect(try outbox.facts().dropped == [] && outbox.gapReport().dropped == [])
        #expect(try outbox.dropped() == [-3...0], "their ends may be among them")
        try fixtures.append(fixtures.incident(), to: outbox)
        #expect(try outbox.facts().dropped == [1...1])
        #expect(try outbox.gapReport().undelivered == [2...5])
        try outbox.auditDrops()
        let drops = try outbox.auditEntries().filter { $0.event == .messagesDropped }.map(\.facts)
        #expect(drops.prefix(4).map { $0["epoch"] } == [before, before, before, before])
        #expect(drops.map { $0["first"] } == ["1", "2", "3", "4", "1"] && drops[4]["epoch"] == nil)
        let new = try #require(try outbox.pending(limit: 1).first)
        #expect(BlockedDelivery(new, topic: "t", reason: "r").epoch == nil)
    }
}
