import Foundation
import Glibc
import Hashing
import Runtime
internal import Video

extension Ledger {
    /// Determines where an opened ledger continues: renames unreadable parts, and collects what must be reported.
    struct Opening {
        var head = Head.none
        /// Bytes of the ledger that are kept.
        var length: Int64 = 0
        var damage: LedgerRecord.Damage?
        /// Whether the last record is signed by another key.
        var needsKey = false
        var notices: [String] = []

        init(folder: URL, key: SiteKey?, known: Known?, now: Date) throws {
            let file = folder.appending(path: Ledger.fileName)
            switch try LedgerEnd.read(file.path, key: key?.publicKey) {
            case .nothing(let isFile):
                guard known != nil || Self.hasEvidence(folder) else { return }
                begin(isFile ? "the ledger was empty" : "the ledger was not there", known)
            case .unusable(let reason):
                let aside = SetAside.name(file, at: now)
                guard rename(file.path, aside.path) == 0 else { throw DurableFile.failed("set \(file.path) aside") }
                begin("the ledger was damaged: \(reason)", known)
                damage?.aside = aside.lastPathComponent
                notices.append("the damaged ledger is kept as \(aside.lastPathComponent)")
            case .end(let end):
                try goOn(from: end, in: file, key: key, known: known, now: now)
            }
        }

        /// No readable record: a new ledger starts.
        private mutating func begin(_ what: String, _ known: Known?) {
            damage = .init(what: what, number: known?.number, hash: known?.hash)
            let before = known.map { "; the store knows its record \($0.number), \($0.hash)" } ?? ""
            notices.append("\(what)\(before); a new ledger begins, and what the store still has is recorded again")
        }

        private mutating func goOn(from end: LedgerEnd, in file: URL, key: SiteKey?, known: Known?, now: Date) throws {
            let last = end.last
            head = Head(
                number: last.record.number, hash: last.hash, sequence: last.record.sequence ?? 0,
                epoch: last.record.epoch,
                evicting: ([last] + end.before).first { !$0.record.isAboutTheLedger }?.record.evicting)
            length = end.length
            try compareKeys(end, key, file)
            if !end.rest.isEmpty { try setAside(end, file, now) }
            compare(end, known)
        }

        private mutating func compareKeys(_ end: LedgerEnd, _ key: SiteKey?, _ file: URL) throws {
            guard let key else {
                guard end.last.signature == nil else {
                    throw LedgerError(
                        description: "could not go on with the ledger \(file.path): it is signed, and there is no key")
                }
                return
            }
            needsKey = !end.last.isSigned(by: key.publicKey)
            guard needsKey else { return }
            if end.last.signature != nil {
                notices.append(
                    "the last record of the ledger is signed by another key: the site's key was lost or replaced, or "
                        + "somebody else wrote it; from here on \(key.publicKey) signs")
            } else if end.before.contains(where: { $0.signature != nil }) {
                notices.append(
                    "the last record of the ledger is not signed, and others before it are: this site did not write it")
            } else {
                notices.append("the ledger is signed from here on, by \(key.publicKey)")
            }
        }

        /// Saves the bytes after the last record beside the ledger.
        private mutating func setAside(_ end: LedgerEnd, _ file: URL, _ now: Date) throws {
            let what =
                end.isUnfinished
                ? "the last line was unfinished" : "the end of the ledger was damaged after record \(head.number)"
            damage = .init(what: what, sha256: try SHA256.hex(end.rest))
            let aside = SetAside.name(file, at: now)
            do {
                try DurableFile.write(end.rest, to: aside)
                damage?.aside = aside.lastPathComponent
            } catch {
                // On a full disk a line left by a power cut must not prevent the ledger from continuing.
                guard end.isUnfinished else { throw error }
            }
            notices.append(
                "\(what): \(end.rest.count) bytes were taken out"
                    + (damage?.aside.map { " and are kept as \($0)" } ?? "")
                    + "; what they recorded is recorded again")
        }

        /// Compares the end with the store's mark.
        private mutating func compare(_ end: LedgerEnd, _ known: Known?) {
            guard let known else { return }
            let what: String
            if known.number > head.number {
                what = "the ledger ends at record \(head.number)"
            } else if let same = ([end.last] + end.before).first(where: { $0.record.number == known.number }),
                same.hash != known.hash
            {
                what = "record \(known.number) of the ledger is another one"
            } else {
                return
            }
            damage = damage ?? .init(what: what)
            damage?.number = known.number
            damage?.hash = known.hash
            notices.append(
                "\(what), and the store knows record \(known.number), \(known.hash): it was cut off or replaced; a record "
                    + "says so, and what the store still has is recorded again")
        }

        /// Whether there is evidence that a ledger would have to cover.
        private static func hasEvidence(_ folder: URL) -> Bool {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            return names.contains(where: EvidenceStore.isDay)
        }
    }
}

/// Unusable files are kept beside their place for inspection, under a name with the date.
enum SetAside {
    /// `FILE.damaged-2026-11-28T023000Z`; with a number where that exists.
    static func name(_ file: URL, at date: Date) -> URL {
        let name = "\(file.lastPathComponent).damaged-" + date.formatted(.iso8601.timeSeparator(.omitted))
        let folder = file.deletingLastPathComponent()
        for number in 1... {
            let candidate = folder.appending(path: number == 1 ? name : "\(name)-\(number)")
            var status = stat()
            if lstat(candidate.path, &status) != 0 { return candidate }
        }
        return folder.appending(path: name)
    }
}
