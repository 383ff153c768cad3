import Domain
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Contract
@testable import Store

@Suite(.heavy) struct EvictionTests {
    private let fixtures: Fixtures
    private let folder: TemporaryFolder

    init() throws {
        fixtures = try Fixtures()
        folder = try TemporaryFolder()
    }

    private func outbox(_ name: String = "outbox", messages: Int = 1_000_000, bytes: Int = 1 << 40) throws -> Outbox {
        try Outbox(file: folder.file("\(name).sqlite"), budget: OutboxBudget(messages: messages, bytes: bytes))
    }

    private func deliver(_ sequences: some Sequence<Int64>, _ outbox: Outbox) throws {
        try outbox.markDelivered(Dictionary(uniqueKeysWithValues: sequences.map { ($0, Date()) }))
    }

    @Test func `delivered messages go before those that wait, and what went is told`() throws {
        let outbox = try outbox(messages: 10)
        for _ in 0..<5 {
            let incident = fixtures.incident()
            try fixtures.append(incident, to: outbox)
            try fixtures.append(fixtures.closed(incident), to: outbox)
        }
        try deliver([2, 4, 6], outbox)
        for _ in 0..<5 { try fixtures.append(fixtures.incident(), to: outbox) }
        let report = try outbox.gapReport()
        #expect(report.missing == [1...4, 6...6])
        #expect(report.dropped == [1...1, 3...3])
        #expect(report.undelivered == [5...5, 7...15])
        #expect(report.lastSequence == 15)
        try outbox.auditDrops()
        try outbox.auditDrops()
        let entries = try outbox.auditEntries().filter { $0.event == .messagesDropped }
        #expect(entries.map { $0.facts["first"] } == ["1", "3"])
    }

    @Test func `an append that must make room among what waits costs no more than three times one that need not`()
        throws
    {
        let count = 24_000
        func filled(_ name: String, messages: Int) throws -> Outbox {
            let outbox = try outbox(name, messages: messages)
            // As large as real messages, which do not come from the test's fixtures in that number in reasonable time.
            try fixtures.append(fixtures.incident(), to: outbox)
            try outbox.pool.write { db in
                try db.execute(
                    sql: """
                        WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
                        INSERT INTO messages (sequence, id, subject, topic, open_topic, is_open, payload, created)
                        SELECT i, 'id ' || i, (SELECT id FROM incidents), 'topic', 'open', 1, randomblob(6000), 0 FROM n
                        """, arguments: [count])
                try db.execute(sql: "UPDATE sequence SET last = ?", arguments: [count])
            }
            return outbox
        }
        let roomy = try filled("roomy", messages: count * 2)
        let spent = try filled("spent", messages: count)
        func seconds(of outbox: Outbox) throws -> Duration {
            let incident = fixtures.incident()
            return try ContinuousClock().measure { try fixtures.append(incident, to: outbox) }
        }
        var (without, with): ([Duration], [Duration]) = ([], [])
        for _ in 0..<41 {
            without.append(try seconds(of: roomy))
            with.append(try seconds(of: spent))
        }
        #expect(try spent.counts().undelivered == count)
        #expect(try spent.gapReport().dropped == [1...41])
        #expect(with.sorted()[20] <= without.sorted()[20] * 3)
    }

    @Test func `what is retained of open incidents goes after other delivered messages`() throws {
        let outbox = try outbox(messages: 4)
        let open = fixtures.incident()
        try fixtures.append(open, to: outbox)
        let over = fixtures.incident()
        try fixtures.append(over, to: outbox)
        try fixtures.append(fixtures.closed(over), to: outbox)
        try deliver(1...3, outbox)
        for _ in 0..<3 { try fixtures.append(fixtures.incident(), to: outbox) }
        #expect(try outbox.retainedOpen().map(\.subject) == [open.id])
        #expect(try outbox.gapReport().missing == [2...3])
        try fixtures.append(fixtures.incident(), to: outbox)
        #expect(try outbox.retainedOpen() == [])
        #expect(try outbox.gapReport().dropped == [])
    }

    @Test(arguments: 0..<12)
    func `whatever happens, nothing that waits goes before what was delivered, and every count is true`(
        seed: UInt64
    ) throws {
        var generator = SeededGenerator(seed: seed)
        let isConnected = !seed.isMultiple(of: 3)
        let byBytes = seed.isMultiple(of: 2)
        let budget = OutboxBudget(messages: byBytes ? 1_000_000 : 12, bytes: byBytes ? 24_000 : 1 << 40)
        let outbox = try outbox("\(seed)", messages: budget.messages, bytes: budget.bytes)
        var waiting: Set<Int64> = []
        var delivered: Set<Int64> = []
        var dropped: Set<Int64> = []
        var open: [Incident] = []
        for _ in 0..<80 {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<3 where !waiting.isEmpty && isConnected:
                // The broker acknowledges in order, mostly.
                let chosen = waiting.sorted().prefix(Int.random(in: 1...5, using: &generator))
                try deliver(chosen, outbox)
                waiting.subtract(chosen)
                delivered.formUnion(chosen)
                continue
            case 3 where !waiting.isEmpty && isConnected:
                let chosen = try #require(waiting.randomElement(using: &generator))
                try deliver([chosen], outbox)
                waiting.remove(chosen)
                delivered.insert(chosen)
                continue
            default: break
            }
            let message: AlertMessage
            let words = try outbox.retainable()
            if Bool.random(using: &generator), let incident = open.popLast() {
                message = try fixtures.append(fixtures.closed(incident), to: outbox)
            } else {
                let incident = fixtures.incident(reasons: Int.random(in: 0...40, using: &generator))
                open.append(incident)
                message = try fixtures.append(incident, to: outbox)
            }
            waiting.insert(message.sequence)
            let held = Set(try outbox.messages(from: 1, through: 10_000).map(\.sequence))
            let gone = delivered.union(waiting).subtracting(held)
            let lost = gone.intersection(waiting)
            if !lost.isEmpty { #expect(held.isDisjoint(with: delivered), "\(lost) went before \(delivered)") }
            if let youngest = lost.max() {
                // The oldest of those that wait go first, and the newest word on what is open last of all.
                let newest = Set(try outbox.retainable().map(\.sequence))
                #expect(waiting.subtracting(lost).allSatisfy { $0 > youngest || newest.contains($0) })
                let ended = message.subject
                if words.contains(where: { lost.contains($0.sequence) && $0.subject != ended }) {
                    #expect(held.subtracting([message.sequence]).isSubset(of: newest))
                }
            }
            #expect(held.contains(message.sequence))
            dropped.formUnion(lost)
            waiting.subtract(gone)
            delivered.subtract(gone)

            let counts = try outbox.counts()
            #expect(counts.undelivered == waiting.count && counts.delivered == delivered.count)
            let payloads = try outbox.messages(from: 1, through: 10_000).map(\.payload.count)
            #expect(counts.bytes == payloads.reduce(0, +))
            #expect(payloads.count <= budget.messages)
            #expect(counts.bytes <= budget.bytes || payloads.count == 1)
            #expect(counts.lastSequence == message.sequence)
            let report = try outbox.gapReport()
            #expect(Set(report.dropped.joined()) == dropped)
            #expect(Set(report.undelivered.joined()) == waiting)
            #expect(Set(report.missing.joined()).union(held) == Set(1...message.sequence))
            #expect(Set(report.missing.joined()).isDisjoint(with: held))
        }
        if !isConnected { #expect(!dropped.isEmpty) }
    }

    @Test func `the newest word on an open incident outlives what waits of others`() throws {
        let outbox = try outbox(messages: 4)
        let open = fixtures.incident()
        try fixtures.append(open, to: outbox)
        for _ in 0..<5 {
            let incident = fixtures.incident()
            try fixtures.append(incident, to: outbox)
            try fixtures.append(fixtures.closed(incident), to: outbox)
        }
        #expect(try outbox.pending(limit: 10).first?.subject == open.id)
        #expect(try outbox.gapReport().dropped == [2...8])
    }

    @Test func `a message whose picture waits goes after others, and then the audit log tells it`() throws {
        let outbox = try Outbox(
            file: folder.file("pictures.sqlite"), budget: OutboxBudget(messages: 4), sendsPictures: true)
        var closed: [Incident] = []
        for _ in 0..<4 {
            let incident = fixtures.closed(fixtures.incident())
            try fixtures.append(incident, to: outbox)
            closed.append(incident)
        }
        try deliver(1...4, outbox)
        for number in 2...4 {
            let picture = try #require(try outbox.picture(of: Int64(number)))
            var progress = DeliveryProgress()
            progress.pictures[picture.topic] = .init(picture: picture, fault: nil)
            try outbox.settle(progress)
        }
        for _ in 0..<3 { try fixtures.append(fixtures.incident(), to: outbox) }
        #expect(try outbox.gapReport().missing == [2...4])
        #expect(try outbox.auditEntries() == [])
        try fixtures.append(fixtures.incident(), to: outbox)
        #expect(try outbox.gapReport().missing == [1...4])
        let entry = try #require(try outbox.auditEntries().first)
        #expect(entry.event == .evidenceDropped && entry.facts["pictures"] == "1")
        #expect(try outbox.auditEntries().count == 1)
        try deliver(5...8, outbox)
        for number in 5...8 {
            let message = try #require(try outbox.messages(from: Int64(number), through: Int64(number)).first)
            var incident = try #require(try outbox.openIncidents().first { $0.id == message.subject })
            incident.state = .closed
            try outbox.pool.write { try OutboxSchema.save(incident, $0) }
        }
        #expect(try outbox.prune(deliveredBefore: Date().addingTimeInterval(60)) == 4)
        #expect(try outbox.auditEntries().last?.facts["pictures"] == "4")
    }

    @Test func `on a full disk what was acknowledged makes room for its own receipts`() throws {
        let outbox = try outbox()
        let open = fixtures.incident(reasons: 60)
        try fixtures.append(open, to: outbox)
        for _ in 0..<25 { try fixtures.append(fixtures.closed(fixtures.incident(reasons: 60)), to: outbox) }
        try outbox.pool.write {
            try $0.execute(
                sql: """
                    CREATE TABLE room (bytes BLOB);
                    CREATE TRIGGER receipt AFTER UPDATE OF delivered_at ON messages
                    BEGIN INSERT INTO room VALUES (zeroblob(8000)); END;
                    """)
        }
        try outbox.limit(morePages: 0)
        try outbox.markDelivered([1: Date(), 2: Date(), 3: Date(), 4: Date()])
        #expect(try outbox.gapReport().undelivered == [5...26])
        #expect(try outbox.gapReport().missing == [2...4])
        #expect(try outbox.retainedOpen().map(\.subject) == [open.id])
    }

    @Test func `a full disk delays, never crashes, makes room from what was delivered, and goes on`() throws {
        let outbox = try outbox()
        try outbox.limit(morePages: 40)
        var incidents = [fixtures.incident(reasons: 60)]
        var fault: (any Error)?
        while fault == nil, incidents.count < 1000 {
            do {
                try fixtures.append(try #require(incidents.last), to: outbox)
                incidents.append(fixtures.incident(reasons: 60))
            } catch { fault = error }
        }
        #expect((fault as? OutboxError)?.remedy.contains("make room on the disk") == true)
        let written = incidents.count - 1
        // All of it waits, so nothing may go; the sequence has no gap where a write failed.
        #expect(try outbox.counts().undelivered == written)
        #expect(throws: OutboxError.self) { try fixtures.append(fixtures.incident(reasons: 60), to: outbox) }
        try outbox.limit(morePages: nil)
        try outbox.markDelivered([1: Date(), 2: Date(), 3: Date()])
        for number in 0..<3 {
            var incident = incidents[number]
            incident.why = []
            try fixtures.append(fixtures.closed(incident), to: outbox)
        }
        let last = try outbox.counts().lastSequence
        try outbox.limit(morePages: 0)
        // The closed incidents' delivered messages make room for new ones.
        #expect(try fixtures.append(fixtures.incident(reasons: 40), to: outbox).sequence == last + 1)
        #expect(try outbox.gapReport().missing == [1...3])
        #expect(try outbox.gapReport().dropped == [])
    }

    @Test func `receipts say when the broker took each message`() throws {
        let outbox = try outbox()
        for _ in 0..<3 { try fixtures.append(fixtures.incident(), to: outbox) }
        let moment = Date(timeIntervalSince1970: 1_795_480_205.25)
        try outbox.markDelivered([2: moment])
        try outbox.markDelivered([2: moment.addingTimeInterval(9)])
        let receipts = try outbox.receipts(from: 1, through: 9)
        #expect(receipts.map(\.acknowledged) == [nil, moment, nil])
        #expect(receipts.map(\.sequence) == [1, 2, 3])
    }

    @Test func `an outbox of the version before is taken over, its messages counted`() throws {
        let file = folder.file("old.sqlite")
        let incident = fixtures.incident()
        let message = try fixtures.envelope(incident).message(sequence: 1, topics: fixtures.topics)
        do {
            let pool = try DatabasePool(path: file.path)
            try OutboxSchema.migrator.migrate(pool, upTo: "2")
            try pool.write { db in
                try OutboxSchema.save(incident, db)
                try OutboxSchema.insert(message, at: Date(), db)
                try db.execute(sql: "UPDATE sequence SET last = 1")
            }
        }
        let outbox = try Outbox(file: file)
        let counts = try outbox.counts()
        #expect(counts.undelivered == 1 && counts.bytes == message.payload.count)
        #expect(try outbox.openIncidents() == [incident])
        #expect(try fixtures.append(fixtures.closed(incident), to: outbox).sequence == 2)
    }
}

extension Outbox {
    /// The newest message of each open incident.
    fileprivate func retainable() throws -> [AlertMessage] {
        try openIncidents().compactMap { try messages(of: $0.id).last }
    }
}

extension Outbox {
    fileprivate func picture(of sequence: Int64) throws -> AlertPicture? {
        try pool.read { db in
            try Row.fetchOne(db, sql: "SELECT * FROM pictures WHERE sequence = ?", arguments: [sequence]).map {
                AlertPicture(topic: $0["topic"], file: $0["file"], sha256: $0["sha256"])
            }
        }
    }
}
