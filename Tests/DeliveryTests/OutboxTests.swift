import Analytics
import Domain
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Contract
@testable import Store

@Suite(.waiting) struct OutboxTests {
    private struct Broken: Error {}

    private let fixtures: Fixtures
    private let folder: TemporaryFolder
    private let file: URL

    init() throws {
        fixtures = try Fixtures()
        folder = try TemporaryFolder()
        file = folder.file("state/outbox.sqlite")
    }

    @Test func `sequences have no gap under concurrent writers and across restarts`() async throws {
        for round in 1...3 {
            let outbox = try Outbox(file: file)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        for number in 0..<10 {
                            let incident = fixtures.incident()
                            if number == 5 {
                                _ = try? outbox.append(incident) { _, _ in throw Broken() }
                            }
                            try fixtures.append(incident, to: outbox)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let sequences = try outbox.pending(limit: 1000).map(\.sequence)
            #expect(sequences == Array(1...Int64(round * 40)))
        }
    }

    @Test func `a lost database is followed by one of another epoch, which every message and the site's state name`()
        throws
    {
        let incident = fixtures.incident()
        let outbox = try Outbox(file: file)
        let first = try fixtures.append(incident, to: outbox)
        #expect(try AlertEvent(json: Data(first.payload)).epoch == outbox.epoch)
        #expect(try SchemaValidator.incident.violations(in: [Data(first.payload)]) == [])
        #expect(try Outbox(file: file).epoch == outbox.epoch)
        #expect(try Outbox(reading: file).epoch == outbox.epoch)
        let closing = try outbox.close(orphan: fixtures.closed(incident), at: Date())
        #expect(try closing.map { try AlertEvent(json: Data($0.payload)).epoch } == outbox.epoch)
        #expect(try outbox.facts().epoch == outbox.epoch)

        let other = try Outbox(file: folder.file("other/outbox.sqlite"))
        #expect(other.epoch != outbox.epoch && other.epoch > outbox.epoch)
        let again = try fixtures.append(fixtures.incident(), to: other)
        #expect(again.sequence == first.sequence)
        #expect(try AlertEvent(json: Data(again.payload)).epoch == other.epoch)
    }

    @Test func `a failure writes neither the incident nor the message`() throws {
        let outbox = try Outbox(file: file)
        #expect(throws: OutboxError.self) { try outbox.append(fixtures.incident()) { _, _ in throw Broken() } }
        let first = try fixtures.append(fixtures.incident(), to: outbox)
        let other = fixtures.incident()
        // The id of a message that exists already: the insert fails after the incident's state was written.
        #expect(throws: OutboxError.self) {
            try outbox.append(other) { _, sequence in
                try fixtures.envelope(other).message(id: first.id, sequence: sequence, topics: fixtures.topics)
            }
        }
        #expect(try outbox.openIncidents().count == 1)
        #expect(try outbox.counts() == outboxCounts(undelivered: 1, open: 1, last: 1, outbox))
    }

    @Test func `the ground of each camera outlives the process, and a damaged one is passed over`() throws {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict>
            <key>version</key><integer>1</integer><key>time</key><real>90.5</real></dict></plist>
            """
        let ground = try #require(BackgroundCheckpoint(data: Data(text.utf8)))
        let outbox = try Outbox(file: file)
        let moment = MomentOfRecord(MediaTime(90.5), on: HostClocks(date: 1_790_000_000.25, boot: "b", sinceBoot: 12.5))
        try outbox.save(ground, at: moment, camera: "a")
        try outbox.save(ground, at: moment, camera: "b")
        try outbox.save(nil, at: moment, camera: "b")
        let again = try Outbox(file: file)
        #expect(try again.ground(camera: "a") == ground)
        #expect(try again.ground(camera: "b") == nil)
        #expect(try again.moment(camera: "a") == moment)
        #expect(try again.moment(camera: "c") == nil)
        try again.pool.write { try $0.execute(sql: "UPDATE grounds SET data = x'00'") }
        #expect(try again.ground(camera: "a") == nil)
    }

    @Test func `what is under way at each camera outlives the process until it is forgotten`() throws {
        let watch = WatchCheckpoint(time: MediaTime(90.5), tracker: StationaryObjectTracker(), rules: RuleSet([]))
        let moment = MomentOfRecord(MediaTime(90.5), on: HostClocks(date: 1_790_000_000, boot: "b", sinceBoot: 12))
        let outbox = try Outbox(file: file)
        try outbox.save(watch: watch, at: moment, camera: "a")
        try outbox.save(watch: watch, at: moment, camera: "b")
        try outbox.save(watch: nil, at: moment, camera: "b")
        let again = try Outbox(file: file)
        #expect(try again.watch(camera: "a").flatMap(WatchCheckpoint.init(data:)) == watch)
        #expect(try again.watch(camera: "b") == nil)
        #expect(try again.moment(camera: "a") == moment)
    }

    private func outboxCounts(undelivered: Int, open: Int, last: Int64, _ outbox: Outbox) throws -> OutboxCounts {
        var counts = try outbox.counts()
        counts.undelivered = undelivered
        counts.delivered = 0
        counts.openIncidents = open
        counts.lastSequence = last
        return counts
    }

    @Test func `open incidents come back as they were written`() throws {
        let incidents = [fixtures.incident(), fixtures.incident()]
        do {
            let outbox = try Outbox(file: file)
            for incident in incidents { try fixtures.append(incident, to: outbox) }
            try fixtures.append(fixtures.closed(incidents[0]), to: outbox)
        }
        let outbox = try Outbox(file: file)
        #expect(try outbox.openIncidents(camera: "cam-01") == [incidents[1]])
        #expect(try outbox.openIncidents(camera: "cam-02") == [])
        #expect(try outbox.pending(limit: 2).map(\.sequence) == [1, 2])
    }

    @Test func `what is delivered is pending no more, and pruned once its incident is closed`() throws {
        let outbox = try Outbox(file: file)
        let incident = fixtures.incident()
        let other = fixtures.incident()
        for change in [incident, fixtures.closed(incident), other] { try fixtures.append(change, to: outbox) }
        let now = Date()
        try outbox.markDelivered([1: now, 2: now, 3: now])
        #expect(try outbox.pending(limit: 10) == [])
        #expect(try outbox.retainedOpen().map(\.subject) == [other.id])
        #expect(try outbox.prune(deliveredBefore: Date().addingTimeInterval(-60)) == 0)
        #expect(try outbox.prune(deliveredBefore: Date().addingTimeInterval(60)) == 2)
        #expect(try fixtures.append(fixtures.incident(), to: outbox).sequence == 4)
    }

    @Test func `each write is on the disk before it returns`() throws {
        _ = try Outbox(file: file)
        let mode = try DatabaseQueue(path: file.path).read { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
        #expect(mode == "wal")
        #expect(try Outbox(file: file).synchronousMode() == 2)
    }

    @Test func `a folder that cannot be made is named with a remedy`() throws {
        try Data("a file".utf8).write(to: folder.file("state"))
        let error = #expect(throws: OutboxError.self) { try Outbox(file: file) }
        #expect(error?.description.contains(file.path) == true)
        #expect(error?.remedy.contains("belongs to the service's user") == true)
    }

    @Test func `a file that is no database is named with a remedy`() throws {
        let file = folder.file("broken.sqlite")
        try Data(repeating: 0x41, count: 8192).write(to: file)
        let error = #expect(throws: OutboxError.self) { try Outbox(file: file) }
        #expect(error?.remedy.contains("move the file away") == true)
    }
}
