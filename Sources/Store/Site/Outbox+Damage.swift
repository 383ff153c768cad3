public import Foundation
import GRDB
import Synchronization

/// Handling of a damaged database: it is renamed, and a new one is started.
extension Outbox {
    private static let complained = Atomic<Int>(0)

    /// How often SQLite has found damage since the start of the process, in any database.
    public static var complaints: Int { complained.load(ordering: .relaxed) }

    static func noteComplaint() { complained.add(1, ordering: .relaxed) }

    /// Reads everything; throws an error that `isDamage` where a part differs from what SQLite wrote.
    public func check() throws(OutboxError) {
        try Self.explaining("check the outbox \(file.path)") {
            let finding = try pool.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
            guard finding == "ok" else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: finding ?? "it cannot be checked")
            }
        }
    }

    /// How many damaged databases are kept. The newest holds the latest unsent data, the second shows whether the fault
    /// is the same, and the third is there during a copy; each may be as large as the budget, and a disk that damages
    /// one a day must not be filled by them.
    static let mostDamaged = 3

    /// Renames a damaged database to `outbox.sqlite.damaged-DATE`, with its log and index, and deletes the oldest such
    /// databases beyond three. Returns that name, and the deleted ones.
    ///
    /// A process that has it open still writes to it. SQLite deletes a log by its name on closing: the process must end
    /// before a new one is opened.
    public static func setAside(
        _ file: URL, at date: Date = Date()
    ) throws(OutboxError) -> (name: String, deleted: [String]) {
        try explaining("set the damaged outbox \(file.path) aside") {
            let stamp = date.formatted(
                .iso8601.dateSeparator(.omitted).timeSeparator(.omitted).timeZoneSeparator(.omitted))
            var name = "\(file.lastPathComponent).damaged-\(stamp)"
            for number in 2...9 where exists(name, beside: file) {
                name = "\(file.lastPathComponent).damaged-\(stamp)-\(number)"
            }
            let target = file.deletingLastPathComponent().appending(path: name).path
            // The log before the database: a log alone would be taken for that of the new one.
            for suffix in ["-shm", "-wal", ""] where FileManager.default.fileExists(atPath: file.path + suffix) {
                try FileManager.default.moveItem(atPath: file.path + suffix, toPath: target + suffix)
            }
            return (name, deleteOldest(beside: file, but: name))
        }
    }

    /// A clock that stepped back must not delete the database renamed just now.
    private static func deleteOldest(beside file: URL, but newest: String) -> [String] {
        let folder = file.deletingLastPathComponent()
        return damaged(beside: file).filter { $0 != newest }.dropLast(mostDamaged - 1).filter { name in
            for suffix in ["-shm", "-wal"] {
                try? FileManager.default.removeItem(at: folder.appending(path: name + suffix))
            }
            return (try? FileManager.default.removeItem(at: folder.appending(path: name))) != nil
        }
    }

    private static func exists(_ name: String, beside file: URL) -> Bool {
        FileManager.default.fileExists(atPath: file.deletingLastPathComponent().appending(path: name).path)
    }

    /// The names of renamed databases that have not been removed yet, oldest first.
    public var damaged: [String] { Self.damaged(beside: file) }

    private static func damaged(beside file: URL) -> [String] {
        let prefix = "\(file.lastPathComponent).damaged-"
        let names = try? FileManager.default.contentsOfDirectory(atPath: file.deletingLastPathComponent().path)
        return (names ?? []).filter { $0.hasPrefix(prefix) && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }.sorted()
    }
}
