import Domain
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Contract
@testable import Store

/// A state folder of the build before, with all that may be under way in it.
@Suite struct UpgradeTests {
    /// All that the last migration made; without it the file is one of the build before.
    private static let isNew = """
        DROP TRIGGER messages_indexed; DROP TRIGGER messages_indexed_again; DROP TRIGGER messages_unindexed;
        DROP TABLE incident_index; DROP TABLE evidence_index; DROP TABLE incident_changes;
        DROP TABLE console_codes; DROP TABLE console_sessions; DROP TABLE console_users;
        DELETE FROM grdb_migrations WHERE identifier = 'console';
        """

    @Test func `what was open, waiting, due and audited before an upgrade is so after it, and goes on`() throws {
        let fixtures = try Fixtures()
        let folder = try TemporaryFolder()
        let file = folder.file("outbox.sqlite")
        let (open, closed) = (fixtures.incident(), fixtures.incident())
        struct Content: Equatable {
            var open: [Incident]
            var waiting: [AlertMessage]
            var kept: [AlertMessage]
            var receipts: [DeliveryReceipt]
            var due: [Int64]
            var webhook: [AlertMessage]
            var deadLetters: [DeadLetter]
            var audit: AuditChain.Anchor
            var epoch: String

            init(_ outbox: Outbox) throws {
                open = try outbox.openIncidents()
                waiting = try outbox.pending(limit: 100)
                kept = try outbox.messages(from: 1, through: 100)
                receipts = try outbox.receipts(from: 1, through: 100)
                due = try outbox.evidenceDue()
                webhook = try outbox.pending(sink: "desk", limit: 100)
                deadLetters = try outbox.deadLetters()
                audit = try outbox.auditHead()
                epoch = outbox.epoch
            }
        }

        let before: Content
        do {
            let outbox = try Outbox(file: file)
            try outbox.serve(sinks: ["desk"])
            try outbox.audit(.configurationLoaded, facts: ["sha256": "x"])
            for incident in [open, closed, fixtures.closed(closed)] { try fixtures.append(incident, to: outbox) }
            _ = try outbox.commit(
                LookCommit(
                    camera: open.camera,
                    changes: [
                        LookCommit.Change(incident: fixtures.incident(), isEvidenceDue: true) { [fixtures] in
                            try fixtures.envelope($0).message(sequence: $1, topics: fixtures.topics)
                        }
                    ]))
            try outbox.markDelivered([1: Date(timeIntervalSince1970: 1_795_480_400)])
            let first = try #require(try outbox.pending(sink: "desk", limit: 1).first)
            try outbox.settle(sink: "desk", through: first, refusal: "no")
            before = try Content(outbox)
            try outbox.pool.write { try $0.execute(sql: Self.isNew) }
        }
        #expect(before.open.count == 2 && before.waiting.map(\.sequence) == [2, 3, 4] && before.due == [4])
        #expect(before.webhook.count == 3 && before.deadLetters.count == 1)

        let outbox = try Outbox(file: file)
        #expect(try Content(outbox) == before)
        #expect(try outbox.verifyAudit() > 0)
        // The page finds what was told before it was there.
        #expect(try outbox.pool.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM incident_index") } == 3)
        #expect(try fixtures.append(fixtures.closed(open), to: outbox).sequence == 5)
        #expect(try outbox.pending(limit: 100).map(\.sequence) == [2, 3, 4, 5])
    }
}
