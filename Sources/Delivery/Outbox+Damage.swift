public import Foundation
import GRDB
import Synchronization

/// What becomes of a database that is damaged: it is kept under another name, and a new one is begun.
extension Outbox {
    private static let complained = Atomic<Int>(0)

    /// How often SQLite has found damage since the process began, in whichever database.
    public static var complaints: Int { complained.load(ordering: .relaxed) }

    static func noteComplaint() { complained.add(1, ordering: .relaxed) }

    /// Reads all of it; throws an error that `isDamage` where a part is not what SQLite wrote.
    public func check() throws(OutboxError) {
        try Self.explaining("check the outbox \(file.path)") {
            let finding = try pool.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
            guard finding == "ok" else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: finding ?? "it cannot be checked")
            }
        }
    }

    /// Gives a damaged database the name `outbox.sqlite.damaged-DATE`, with its log and index; returns that name.
    ///
    /// Whoever has it open still writes to it. SQLite deletes a log by its name when it closes: the process must end
    /// before anybody opens a new one.
    public static func setAside(_ file: URL, at date: Date = Date()) throws(OutboxError) -> String {
        try explaining("set the damaged outbox \(file.path) aside") {
            let stamp = date.formatted(
                .iso8601.dateSeparator(.omitted).timeSeparator(.omitted).timeZoneSeparator(.omitted))
            var name = "\(file.lastPathComponent).damaged-\(stamp)"
            for number in 2...9 where exists(name, beside: file) {
                name = "\(file.lastPathComponent).damaged-\(stamp)-\(number)"
            }
            let target = file.deletingLastPathComponent().appending(path: name).path
            // Its log before it: a log alone would be taken for that of the new one.
            for suffix in ["-shm", "-wal", ""] where FileManager.default.fileExists(atPath: file.path + suffix) {
                try FileManager.default.moveItem(atPath: file.path + suffix, toPath: target + suffix)
            }
            return name
        }
    }

    private static func exists(_ name: String, beside file: URL) -> Bool {
        FileManager.default.fileExists(atPath: file.deletingLastPathComponent().appending(path: name).path)
    }

    /// The names of databases that were set aside and nobody has taken away yet, oldest first.
    public var damaged: [String] {
        let prefix = "\(file.lastPathComponent).damaged-"
        let names = try? FileManager.default.contentsOfDirectory(atPath: file.deletingLastPathComponent().path)
        return (names ?? []).filter { $0.hasPrefix(prefix) && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }.sorted()
    }
}
