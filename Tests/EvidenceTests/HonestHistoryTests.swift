import Foundation
import TestSupport
import Testing

@testable import Evidence

/// Random lives of an honest site: whatever happens to it, `verify` calls nothing of it broken, and names exactly what a
/// kill has left.
@Suite struct HonestHistoryTests {
    private static let keepDays = 30

    private struct Message {
        let sequence: Int64
        let epoch: String?
        let incident: UUID
        var payload: [UInt8] { Array("{\"sequence\":\(sequence),\"epoch\":\"\(epoch ?? "")\"}".utf8) }
    }

    private final class Life {
        let folder: TemporaryFolder
        let store: EvidenceStore
        var random: SeededGenerator
        var now = LedgerSite.begin
        var ledger: Ledger
        /// Nil as long as the version is one without keys.
        var key: SiteKey?
        var keys: [LedgerKey] = []
        var epoch: String?
        var sequence: Int64 = 0
        var pictures: [UUID: [LedgerRecord.File]] = [:]
        var order: [UUID] = []
        /// What no record names.
        var orphans = Set<String>()
        var told: [String] = []

        init(seed: UInt64) throws {
            random = SeededGenerator(seed: seed)
            folder = try TemporaryFolder()
            store = try EvidenceStore(folder: folder.url)
            if seed.isMultiple(of: 2) { key = try SiteKey() }
            keys = key.map { [$0.publicKey] } ?? []
            if key != nil { epoch = "first" }
            ledger = try Ledger(folder: folder.url, site: "edge-01", key: key, now: now)
        }

        func pick(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

        func restart() throws {
            ledger = try Ledger(folder: folder.url, site: "edge-01", key: key, known: ledger.head.known, now: now)
            if let incident = ledger.head.evicting { try store.delete(incident: incident) }
        }

        func photograph(_ incident: UUID) throws -> LedgerRecord.File {
            let bytes = (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
            let role: EvidenceImage.Role = [.panoramaFirst, .closeUp, .plate][pick(3)]
            let stored = try store.save(EvidenceImage(role: role, jpeg: bytes, taken: now), incident: incident)
            return .init(file: stored.file, sha256: stored.sha256)
        }

        func next(of incident: UUID) -> Message {
            sequence += 1
            return Message(sequence: sequence, epoch: epoch, incident: incident)
        }

        func write(_ message: Message) throws {
            try ledger.announce(sequence: message.sequence, epoch: message.epoch, now: now)
            let file = try store.save(
                message.payload, sequence: message.sequence, incident: message.incident, date: now)
            orphans.remove(file)
            try ledger.record(
                sequence: message.sequence, epoch: message.epoch, incident: message.incident, payload: message.payload,
                files: (pictures[message.incident] ?? []) + [.init(file: file, sha256: sha256(message.payload))],
                now: now)
        }

        func open() throws {
            let incident = UUID()
            order.append(incident)
            pictures[incident] = try (0..<pick(4)).map { _ in try photograph(incident) }
            try write(next(of: incident))
        }

        /// A review's or an update's message names the pictures that were named before.
        func goOn() throws {
            guard let incident = order.randomElement(using: &random) else { return }
            if pick(2) == 0 { pictures[incident]?.append(try photograph(incident)) }
            try write(next(of: incident))
        }

        func snapshot() throws {
            let id = UUID()
            let file = try photograph(id)
            try ledger.record(snapshot: id, file: file, now: now)
        }

        func evict(killed: Bool) throws {
            guard let incident = order.randomElement(using: &random) else { return }
            try ledger.evict(incident: incident, now: now)
            guard !killed else { return try restart() }
            try store.delete(incident: incident)
        }

        func expire(killed: Bool) throws {
            now += Double(pick(40)) * 86_400
            for day in store.expired(keeping: keepDays, now: now) {
                try ledger.expire(day: day, keeping: key == nil ? nil : keepDays, now: now)
                if killed { return try restart() }
                try store.delete(day: day)
            }
        }

        func killBeforeTheMessage() throws {
            let incident = UUID()
            orphans.insert(try photograph(incident).file)
            try restart()
        }

        func killBeforeTheRecord() throws {
            guard let incident = order.randomElement(using: &random) else { return }
            let message = next(of: incident)
            try ledger.announce(sequence: message.sequence, epoch: message.epoch, now: now)
            orphans.insert(
                try store.save(message.payload, sequence: message.sequence, incident: incident, date: now))
            try check()
            now += Double(pick(3)) * 86_400
            try restart()
            // The store may have been lost with it, or have pruned it, while no evidence was kept.
            switch pick(4) {
            case 0 where epoch != nil: loseStore()
            case 1: sequence += Int64(pick(5))
            default: try write(message)
            }
        }

        func killInTheMiddleOfAFile() throws {
            guard let incident = order.randomElement(using: &random) else { return }
            let file = try photograph(incident)
            pictures[incident]?.append(file)
            let part = file.file + ".part"
            try Data([1, 2]).write(to: folder.file(part))
            orphans.insert(part)
            try write(next(of: incident))
        }

        func cutThePower() throws {
            let handle = try FileHandle(forWritingTo: folder.file(Ledger.fileName))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("{\"at\":\"2026-".utf8.prefix(1 + pick(12))))
            try handle.close()
            try restart()
        }

        func loseStore() {
            epoch = "epoch-\(random.next())"
            sequence = 0
        }

        func upgradeOrLoseTheKey() throws {
            let made = try SiteKey()
            keys.append(made.publicKey)
            key = made
            epoch = epoch ?? "first"
            try restart()
        }

        func step() throws {
            now += Double(pick(20_000))
            let what = pick(16)
            told.append("\(what)")
            switch what {
            case 0...3: try open()
            case 4, 5: try goOn()
            case 6: try snapshot()
            case 7: try evict(killed: pick(3) == 0)
            case 8: try expire(killed: pick(3) == 0)
            case 9: try restart()
            case 10: try killBeforeTheMessage()
            case 11: try killBeforeTheRecord()
            case 12: try killInTheMiddleOfAFile()
            case 13: try cutThePower()
            // Versions without keys told no gap and knew no epoch.
            case 14 where key != nil: sequence += Int64(1 + pick(5))
            case 15 where key != nil && pick(2) == 0: loseStore()
            case 15 where pick(3) == 0: try upgradeOrLoseTheKey()
            default: break
            }
        }

        func check() throws {
            let report = try LedgerCheck.run(
                folder: folder.url, .init(keys: keys, keepDays: HonestHistoryTests.keepDays, now: now))
            let left = orphans.filter { FileManager.default.fileExists(atPath: folder.file($0).path) }
            #expect(report.isIntact, "\(report.faults.prefix(3)) after \(told)")
            #expect(report.strays.map(\.file) == left.sorted(), "after \(told)")
        }

        private var keepDays: Int { HonestHistoryTests.keepDays }
    }

    @Test(arguments: 0..<24 as Range<UInt64>) func `nothing honest is called broken`(seed: UInt64) throws {
        let life = try Life(seed: seed)
        for step in 1...60 {
            try life.step()
            if step.isMultiple(of: 20) { try life.check() }
        }
        #expect(life.ledger.head.number > 20)
    }
}
