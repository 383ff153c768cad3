import Foundation
import GRDB
import TestSupport
import Testing

@testable import Contract
@testable import Store

/// Cursors of durable sinks in the store.
struct SinkTests {
    private let fixtures: Fixtures
    private let folder: TemporaryFolder

    init() throws {
        fixtures = try Fixtures()
        folder = try TemporaryFolder()
    }

    private func outbox(messages: Int = 1_000_000) throws -> Outbox {
        try Outbox(file: folder.file("outbox.sqlite"), budget: OutboxBudget(messages: messages, bytes: 1 << 40))
    }

    @discardableResult
    private func write(_ count: Int, to outbox: Outbox) throws -> [AlertMessage] {
        try (0..<count).map { _ in
            let incident = fixtures.incident()
            try fixtures.append(incident, to: outbox)
            return try fixtures.append(fixtures.closed(incident), to: outbox)
        }
    }

    private func deliver(_ outbox: Outbox) throws {
        let waiting = try outbox.pending(limit: 10_000)
        try outbox.markDelivered(Dictionary(uniqueKeysWithValues: waiting.map { ($0.sequence, Date()) }))
    }

    @Test func `a new sink begins with what is written from now on, and one that is not named is forgotten`() throws {
        let outbox = try outbox()
        try write(2, to: outbox)
        try outbox.serve(sinks: ["a"])
        try write(1, to: outbox)
        try outbox.serve(sinks: ["a", "b"])
        #expect(try outbox.pending(sink: "a", limit: 9).map(\.sequence) == [5, 6])
        #expect(try outbox.pending(sink: "b", limit: 9).isEmpty)
        try outbox.serve(sinks: ["b"])
        #expect(try outbox.pending(sink: "a", limit: 9).isEmpty)
        #expect(try outbox.sinkReports().map(\.name) == ["b"])
    }

    @Test func `what a sink lacks stays longer than what all have, and what had to make room is told`() throws {
        let outbox = try outbox(messages: 12)
        try outbox.serve(sinks: ["fast", "slow"])
        let messages = try write(6, to: outbox)
        try deliver(outbox)
        try outbox.settle(sink: "fast", through: messages[5])
        // The slow one has 1 to 4.
        try outbox.settle(sink: "slow", through: messages[1])
        try write(2, to: outbox)
        #expect(try outbox.sinkReports().allSatisfy { $0.missed == nil })
        #expect(try outbox.gapReport().missing == [1...4])
        try write(1, to: outbox)
        let reports = try outbox.sinkReports()
        #expect(reports.map(\.missed) == [nil, [[5, 6]]])
        // No broker was robbed of anything.
        #expect(try outbox.gapReport().dropped.isEmpty)
        #expect(try outbox.pending(sink: "slow", limit: 1).map(\.sequence) == [7])
    }

    @Test func `messages that go for their age are missed by whom they wait for`() throws {
        let outbox = try outbox()
        try outbox.serve(sinks: ["slow"])
        let messages = try write(2, to: outbox)
        try deliver(outbox)
        try outbox.settle(sink: "slow", through: messages[0])
        try outbox.prune(deliveredBefore: Date().addingTimeInterval(60))
        #expect(try outbox.sinkReports() == [SinkReport(name: "slow", waiting: 0, missed: [[3, 4]])])
    }

    @Test func `a report reads the same from the site's state and from its status`() throws {
        let report = SinkReport(
            name: "desk", waiting: 3, missed: [[1, 4]], deadLetters: 2,
            trouble: .init(reason: "away", refused: false, sequence: 9, since: "2026-11-29T00:00:00Z"))
        #expect(try JSONDecoder().decode(SinkReport.self, from: JSONEncoder().encode(report)) == report)
        let (encoder, decoder) = (JSONEncoder(), JSONDecoder())
        encoder.keyEncodingStrategy = .convertToSnakeCase
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        #expect(try decoder.decode(SinkReport.self, from: encoder.encode(report)) == report)
    }

    @Test func `a database that a later version has written is refused in words, and left as it is`() throws {
        let outbox = try outbox()
        try write(1, to: outbox)
        try outbox.pool.write {
            try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('of a later version')")
        }
        try #require(throws: OutboxError.self) { _ = try self.outbox() }
        do { _ = try self.outbox() } catch {
            let said = "\(error)"
            #expect(said.contains("a later version of gridwarden has written it; install that version again"))
            #expect(!((error as? OutboxError)?.isDamage ?? true))
        }
        #expect(try Outbox(reading: folder.file("outbox.sqlite")).counts().lastSequence == 2)
    }

    @Test func `a dead sink does not keep new alerts from a full disk`() throws {
        let outbox = try outbox()
        try outbox.serve(sinks: ["dead"])
        try write(100, to: outbox)
        try deliver(outbox)
        try outbox.limit(morePages: 0)
        // Each takes a page and more.
        for _ in 0..<50 { try write(1, to: outbox) }
        #expect(try outbox.sinkReports().first?.missed?.first?.first == 1)
        #expect(try outbox.gapReport().dropped.isEmpty)
    }

    @Test func `another epoch moves the cursors with the messages`() throws {
        let outbox = try outbox()
        try outbox.serve(sinks: ["desk"])
        let messages = try write(3, to: outbox)
        try outbox.settle(sink: "desk", through: messages[1])
        let waiting = try outbox.pending(sink: "desk", limit: 9).map(\.id)
        try outbox.beginEpoch(.storeRestored)
        #expect(try outbox.pending(sink: "desk", limit: 9).map(\.id) == waiting)
        let newest = try write(1, to: outbox)
        #expect(try outbox.pending(sink: "desk", limit: 9).map(\.id).suffix(1) == newest.map(\.id))
        #expect(waiting.count == 2)
    }

    @Test func `a message that the broker refused for good is done with, kept by name, and has no receipt`() throws {
        let outbox = try outbox()
        let messages = try write(1, to: outbox)
        var progress = DeliveryProgress()
        progress.refused[2] = "not authorised"
        try outbox.settle(progress)
        #expect(try outbox.pending(limit: 9).map(\.sequence) == [1])
        let letters = try outbox.deadLetters()
        #expect(letters.map(\.sequence) == [2] && letters[0].topic == messages[0].topic)
        #expect(letters[0].sink == Outbox.broker && letters[0].reason == "not authorised")
        try deliver(outbox)
        let receipts = try outbox.receipts(from: 1, through: 2)
        #expect(receipts.map { $0.acknowledged == nil } == [false, true])
        #expect(try outbox.sinkReports() == [SinkReport(name: "broker", deadLetters: 1)])
        // The site's own list of sinks is another matter.
        try outbox.serve(sinks: [])
        #expect(try outbox.deadLetters().count == 1)
    }
}
