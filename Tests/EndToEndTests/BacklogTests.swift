import Contract
import Domain
import Evidence
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Store

/// The real program with a ledger that is far behind the messages: evidence was off for a while, or its disk was full.
@Suite struct BacklogTests {
    private static let isReady = FileManager.default.fileExists(atPath: WatchedLane.models + "/manifest.json")
    private static let count: Int64 = 20_000

    /// One message, and copies of it in one transaction.
    private func write(to outbox: Outbox) throws {
        let incident = Incident(
            id: UUIDv7.make(), kind: AlertKind(rawValue: "parking.motor"), camera: "c1", zone: "np1",
            firstSeen: MediaTime(0), confirmed: MediaTime(5), lastSeen: MediaTime(5), threshold: 5,
            object: .init(objectClass: .car, confidence: 0.7, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)))
        let payload = [UInt8](#"{"why":"\#(String(repeating: "x", count: 1500))"}"#.utf8)
        try outbox.commit(
            LookCommit(
                camera: "c1",
                changes: [
                    .init(incident: incident) { incident, sequence in
                        AlertMessage(
                            sequence: sequence, id: UUIDv7.make(), subject: incident.id, topic: "alerts",
                            openTopic: "open", isOpen: true, payload: payload)
                    }
                ]))
        try outbox.pool.write { db in
            try db.execute(
                sql: """
                    WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
                    INSERT INTO messages (sequence, id, subject, topic, open_topic, is_open, payload, created, delivered_at)
                    SELECT n, SUBSTR(id, 1, 24) || PRINTF('%012d', n), subject, topic, open_topic, is_open, payload,
                        created, delivered_at
                    FROM messages, numbers WHERE sequence = 1
                    """, arguments: [Self.count])
            try db.execute(sql: "UPDATE sequence SET last = ?", arguments: [Self.count])
        }
    }

    @Test(.enabled(if: isReady, "needs 'make models'"), .waiting(minutes: 2))
    func `20,000 messages behind neither delay READY nor trip the watchdog`() async throws {
        let folder = try TemporaryFolder()
        let (state, evidence) = (folder.file("state"), folder.file("evidence"))
        let text = """
            site: {id: s1, area: "320583102201", state_directory: \(state.path), models_directory: \(WatchedLane.models)}
            broker: {host: 127.0.0.1, port: 1}
            evidence: {directory: \(evidence.path)}
            cameras:

            """ + WatchedLane.camera("c1", "rtsp://127.0.0.1:1/")
        func start() throws -> (daemon: RunningDaemon, took: Duration) {
            let begun = ContinuousClock.now
            let daemon = try RunningDaemon(text, in: folder, watchdog: 2)
            return (daemon, begun.duration(to: .now))
        }
        let empty = try start()
        #expect(empty.daemon.stop() == 0)
        do { try write(to: try Outbox(file: state.appending(path: "outbox.sqlite"))) }

        let full = try start()
        defer { full.daemon.end() }
        print("backlog: READY after \(full.took), of an empty store after \(empty.took)")
        #expect(full.took < empty.took + Patience.seconds(2))
        // It is fed each second, and has to be within two.
        #expect(full.daemon.watchdogs(for: .seconds(5)) >= 3)
        // The ledger is under way meanwhile, and not at its end.
        let ledger = try String(contentsOf: evidence.appending(path: Ledger.fileName), encoding: .utf8)
        #expect((20..<Int(Self.count)).contains(ledger.split(separator: "\n").count))
        #expect(full.daemon.stop() == 0, "\(full.daemon.log)")
    }
}
