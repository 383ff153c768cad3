import Analytics
import Domain
import Evidence
import Foundation
import Logging
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import Edge
@testable import Store

/// Databases that are not the one that was there before, with a real ledger beside them.
struct StoreSuccessionTests {
    private let folder: TemporaryFolder
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws { folder = try TemporaryFolder() }

    private var file: URL { folder.file("outbox.sqlite") }

    private func ledger() throws -> Ledger {
        try FileManager.default.createDirectory(at: folder.file("evidence"), withIntermediateDirectories: true)
        return try Ledger(folder: folder.file("evidence"), site: "s1")
    }

    /// What the start says of the database; what waits is written as it was.
    @discardableResult
    private func settle(_ outbox: Outbox, _ ledger: Ledger?) throws -> (events: [AuditEntry.Event], words: [String]) {
        let warnings = SiteWarnings()
        let before = try outbox.auditHead().number
        try StoreSuccession.settle(outbox, ledger, warnings: warnings, logger: logger)
        return (try outbox.auditEntries(after: before).map(\.event), warnings.texts)
    }

    private func record(_ count: Int64, of outbox: Outbox, in ledger: Ledger) throws {
        for sequence in 1...count {
            try ledger.record(
                sequence: sequence, epoch: outbox.epoch, incident: UUID(), payload: [UInt8(sequence)], files: [])
        }
    }

    @Test func `that a damaged database was replaced is told at the next start where a kill came before`() throws {
        try Data(count: 4096).write(to: folder.file("outbox.sqlite.damaged-20261124T002640Z"))
        // Made, and ended before a word.
        do { _ = try Outbox(file: file) }
        let outbox = try Outbox(file: file)
        #expect(try settle(outbox, nil).events == [.storeReplaced])
        let entry = try #require(try outbox.auditEntries().last)
        #expect(
            entry.facts == ["epoch": outbox.epoch, "damaged": "outbox.sqlite.damaged-20261124T002640Z"])
        // Once.
        #expect(try settle(Outbox(file: file), nil).events == [])
    }

    @Test func `a database in the place of a lost one is told by the ledger, and its own ledger tells nothing`() throws
    {
        let ledger = try ledger()
        let first = try Outbox(file: folder.file("first.sqlite"))
        #expect(try settle(first, ledger).events == [])
        try record(3, of: first, in: ledger)
        // The disk took no audit entry yet.
        #expect(try settle(Outbox(file: folder.file("first.sqlite")), ledger).events == [])
        #expect(try settle(Outbox(file: file), ledger).events == [.storeReplaced])
        #expect(try settle(Outbox(file: file), ledger).events == [])
    }

    @Test func `a database that was restored from a backup takes another epoch, and is told everywhere`() throws {
        let ledger = try ledger()
        let folder = URL(filePath: file.path)
        var outbox = try Outbox(file: folder)
        try outbox.audit(.configurationLoaded)
        let epoch = outbox.epoch
        #expect(try settle(outbox, ledger).events == [])
        // Up to the backup nothing was sent; then three messages were.
        try record(3, of: outbox, in: ledger)
        outbox = try Outbox(file: folder)
        let said = try settle(outbox, ledger)
        #expect(said.events == [.storeRestored])
        #expect(said.words.count == 1 && said.words[0].contains(outbox.epoch), "\(said.words)")
        #expect(outbox.epoch > epoch)
        let facts = try #require(try outbox.auditEntries().last).facts
        #expect(facts["before"] == epoch && facts["ledger"] == "3" && facts["last"] == "0")
        // It has its own epoch now, in the next run too.
        outbox = try Outbox(file: folder)
        #expect(try settle(outbox, ledger).events == [])
        #expect(ledger.sequence(in: outbox.epoch, through: 0) == 0)
    }

    @Test func `a clock that was set back makes no newer database the older one`() throws {
        let ledger = try ledger()
        let first = try Outbox(file: folder.file("first.sqlite"))
        #expect(try settle(first, ledger).events == [])
        try record(3, of: first, in: ledger)
        // The clock is set back, and the database is lost.
        do {
            let second = try Outbox(file: file)
            try second.beginEpoch(.configurationLoaded, as: "00000000" + second.epoch.dropFirst(8))
            #expect(second.epoch < first.epoch)
            #expect(try settle(second, ledger).events == [.storeReplaced])
            try append(to: second)
        }
        // It ended before the ledger had anything of it.
        let second = try Outbox(file: file)
        #expect(try settle(second, ledger).events == [])
        try record(1, of: second, in: ledger)
        #expect(try settle(Outbox(file: file), ledger).events == [])
        // Now the first one is put back, with messages that the ledger has.
        try first.audit(.configurationLoaded)
        try append(to: first)
        let restored = try Outbox(file: folder.file("first.sqlite"))
        #expect(try settle(restored, ledger).events == [.storeRestored])
        try append(to: restored)
        #expect(try settle(Outbox(file: folder.file("first.sqlite")), ledger).events == [], "once")
    }

    /// One message, whatever it says.
    private func append(to outbox: Outbox) throws {
        let incident = Incident(
            id: UUIDv7.make(), kind: .illegalParking, camera: "c1", zone: "z", firstSeen: MediaTime(0),
            confirmed: MediaTime(300), lastSeen: MediaTime(300), threshold: 300,
            object: .init(objectClass: .car, confidence: 0.7, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)))
        try outbox.append(incident) {
            AlertMessage(
                sequence: $1, id: UUIDv7.make(), subject: $0.id, topic: "t", openTopic: "o", isOpen: true, payload: [])
        }
    }
}
