public import Contract
public import Domain
public import Foundation
package import GRDB
import Synchronization

/// Incidents and their messages on disk: committed data survives a power cut, and is sent in sequence.
///
/// The calls block for a write to the disk; any thread may make them.
public final class Outbox: Sendable {
    let pool: DatabasePool
    private struct Limits {
        var budget: OutboxBudget
        var sendsPictures: Bool
    }

    private let limits: Mutex<Limits>
    private let appended = Mutex<@Sendable () -> Void>({})
    let file: URL
    /// Whether the audit log was empty when it was opened: the database is new, or was made by a run that ended before
    /// its first entry.
    public let isNew: Bool
    let generation: Mutex<String>
    let held = HeldMessages()

    /// Opens or creates the database, and its folder.
    ///
    /// - Parameter sendsPictures: whether the masked pictures of messages are enqueued for the `evidence` topics.
    public init(
        file: URL, budget: OutboxBudget = OutboxBudget(), sendsPictures: Bool = false
    ) throws(OutboxError) {
        limits = Mutex(Limits(budget: budget, sendsPictures: sendsPictures))
        self.file = file
        let epoch: String
        (pool, epoch, isNew) = try Self.explaining("open the outbox \(file.path)") {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o750])
            var configuration = Configuration()
            configuration.foreignKeysEnabled = true
            configuration.busyMode = .timeout(5)
            let pool = try DatabasePool(path: file.path, configuration: configuration)
            // GRDB sets NORMAL with WAL, which may lose the last transactions in a power cut.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            // Data of a later version is unknown here, and would be lost bit by bit.
            guard try !pool.read(OutboxSchema.migrator.hasBeenSuperseded) else {
                throw OutboxError(
                    operation: "open the outbox \(file.path)", cause: "a later version of gridwarden has written it",
                    remedy: "install that version again, or give this one another state_directory")
            }
            try OutboxSchema.migrator.migrate(pool)
            return try pool.read { (pool, try Self.epoch($0), try Self.newest($0).number == 0) }
        }
        generation = Mutex(epoch)
    }

    /// Opens an existing database for reading only: calls that write fail.
    public init(reading file: URL) throws(OutboxError) {
        limits = Mutex(Limits(budget: OutboxBudget(), sendsPictures: false))
        self.file = file
        isNew = false
        let epoch: String
        (pool, epoch) = try Self.explaining("read the outbox \(file.path)") {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            let pool = try DatabasePool(path: file.path, configuration: configuration)
            return (pool, try pool.read { try $0.tableExists("store") ? Self.epoch($0) : "" })
        }
        generation = Mutex(epoch)
    }

    /// Whether the masked pictures of messages are enqueued for the `evidence` topics.
    package var sendsPictures: Bool { limits.withLock(\.sendsPictures) }

    /// Holds from the next message on, which makes room as far as the budget asks for it.
    public func adopt(_ budget: OutboxBudget, sendsPictures: Bool) {
        limits.withLock { $0 = Limits(budget: budget, sendsPictures: sendsPictures) }
    }

    /// - Parameter body: called on the database's thread after each written message, whatever wrote it. Must not wait.
    public func onAppend(_ body: @escaping @Sendable () -> Void) { appended.withLock { $0 = body } }

    /// Writes the incident's state and a message about it in one transaction.
    ///
    /// A review may have changed the incident meanwhile. Then its verdict is kept and the revision continues from
    /// there; where the review has ended it, nothing is written, and the result is nil.
    ///
    /// - Parameter message: makes the message about the incident as it is written, with its sequence.
    @discardableResult
    public func append(
        _ incident: Incident, message: (_ incident: Incident, _ sequence: Int64) throws -> AlertMessage
    ) throws(OutboxError) -> AlertMessage? {
        try Self.explaining("write incident \(incident.id.text) to the outbox") {
            try writeMakingRoom { db in
                guard let incident = try Self.merged(incident, db) else { return nil }
                return try append(incident, message: message, db)
            }
        }
    }

    /// In a transaction of the caller.
    func append(
        _ incident: Incident, message: (_ incident: Incident, _ sequence: Int64) throws -> AlertMessage, _ db: Database
    ) throws -> AlertMessage {
        let sequence = try Self.lastSequence(db) + 1
        let message = try message(incident, sequence)
        guard message.sequence == sequence, message.subject == incident.id else {
            throw OutboxError(
                operation: "write", cause: "the message belongs to another incident or sequence",
                remedy: "this is a fault of the software", isFinal: true)
        }
        try OutboxSchema.save(incident, db)
        try OutboxSchema.insert(message, at: Date(), db)
        if sendsPictures { try Self.insert(message.pictures, of: message, db) }
        try db.execute(sql: "UPDATE sequence SET last = ?", arguments: [sequence])
        db.afterNextTransaction(onCommit: { [weak self] _ in self?.appended.withLock { $0 }() })
        try Self.evict(to: limits.withLock(\.budget), keeping: sequence, db)
        return message
    }

    /// The incident merged with reviews and pictures recorded meanwhile; nil where a review has ended it.
    static func merged(_ incident: Incident, _ db: Database) throws -> Incident? {
        guard let stored = try OutboxSchema.incident(incident.id, db) else { return incident }
        guard stored.review == nil || stored.isOpen else { return nil }
        var incident = incident
        incident.review = stored.review ?? incident.review
        incident.revision = max(incident.revision, stored.revision + 1)
        return incident
    }

    /// Where the disk is full, old delivered messages are deleted, once; a further error goes to the caller.
    ///
    /// - Parameter acknowledged: messages that a broker has and that are not marked yet, which may be deleted too.
    func writeMakingRoom<T>(acknowledged: [Int64] = [], _ body: (Database) throws -> T) throws -> T {
        do { return try pool.write(body) } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            let freed = try pool.write { db in
                let freed = try Self.evictDelivered(atMost: 256, db)
                return freed > 0 ? freed : try Self.evict(acknowledged: acknowledged.prefix(256), db)
            }
            guard freed > 0 else { throw error }
            return try pool.write(body)
        }
    }

    /// The incidents that were open at the last write, oldest first.
    public func openIncidents(camera: String? = nil) throws(OutboxError) -> [Incident] {
        try Self.explaining("read the open incidents") {
            try pool.read { db in
                try Data.fetchAll(
                    db, sql: "SELECT state FROM incidents WHERE open AND (? IS NULL OR camera = ?) ORDER BY id",
                    arguments: [camera, camera]
                ).map { try JSONDecoder().decode(Incident.self, from: $0) }
            }
        }
    }

    /// The oldest messages that no broker has acknowledged, in sequence.
    public func pending(limit: Int) throws(OutboxError) -> [AlertMessage] {
        try pending(limit: limit, after: DeliveryProgress())
    }

    /// Without held messages and those finished in memory but not in the outbox yet.
    package func pending(limit: Int, after progress: DeliveryProgress) throws(OutboxError) -> [AlertMessage] {
        try Self.explaining("read the undelivered messages") {
            try held.reading { end in
                try pool.read { db in
                    let sql = """
                        SELECT sequence FROM messages WHERE delivered_at IS NULL AND sequence < ? ORDER BY sequence
                        """
                    let waiting = try Int64.fetchCursor(db, sql: sql, arguments: [end])
                    var chosen: [Int64] = []
                    while chosen.count < limit, let sequence = try waiting.next() {
                        guard progress.messages[sequence] == nil, progress.unsendable[sequence] == nil,
                            progress.refused[sequence] == nil
                        else { continue }
                        chosen.append(sequence)
                    }
                    return try OutboxSchema.messages(
                        db, where: "sequence IN (\(databaseQuestionMarks(count: chosen.count))) ORDER BY sequence",
                        arguments: StatementArguments(chosen))
                }
            }
        }
    }

    /// The newest message that a broker has of each open incident: what should be retained now.
    public func retainedOpen() throws(OutboxError) -> [AlertMessage] {
        try Self.explaining("read the messages of open incidents") {
            try pool.read { db in
                try OutboxSchema.messages(
                    db,
                    where: """
                        sequence IN (
                            SELECT MAX(m.sequence) FROM messages m JOIN incidents i ON i.id = m.subject
                            WHERE i.open AND m.delivered_at IS NOT NULL AND \(Self.isTaken("m")) GROUP BY m.subject)
                        ORDER BY sequence
                        """, arguments: [])
            }
        }
    }

    /// The messages of a span of sequences that are kept, the first of them.
    public func messages(from first: Int64, through last: Int64, limit: Int = .max) throws(OutboxError)
        -> [AlertMessage]
    {
        try Self.explaining("read messages \(first) to \(last)") {
            try pool.read { db in
                try OutboxSchema.messages(
                    db, where: "sequence BETWEEN ? AND ? ORDER BY sequence LIMIT ?", arguments: [first, last, limit])
            }
        }
    }

    /// A broker has acknowledged the messages at these dates, which are their receipts.
    public func markDelivered(_ acknowledged: [Int64: Date]) throws(OutboxError) {
        var progress = DeliveryProgress()
        progress.messages = acknowledged
        try settle(progress)
    }

    static func mark(_ acknowledged: [Int64: Date], _ db: Database) throws {
        let statement = try db.makeStatement(
            sql: "UPDATE messages SET delivered_at = ? WHERE sequence = ? AND delivered_at IS NULL")
        for (sequence, date) in acknowledged {
            try statement.execute(arguments: [date.timeIntervalSince1970, sequence])
        }
    }

    /// Deletes messages delivered before `date`, except those of open incidents; returns how many.
    ///
    /// Suppressed incidents are kept until their objects have gone.
    @discardableResult
    public func prune(deliveredBefore date: Date) throws(OutboxError) -> Int {
        try Self.explaining("delete old messages") {
            try pool.write { db in
                // Anything dated before this software was written has a wrong date.
                let old =
                    "delivered_at >= ? AND delivered_at < ? AND subject NOT IN (SELECT id FROM incidents WHERE open)"
                let arguments: StatementArguments = [
                    RetentionClock.earliest.timeIntervalSince1970, date.timeIntervalSince1970,
                ]
                let pictures = try Int.fetchOne(
                    db,
                    sql: """
                        SELECT COUNT(*) FROM pictures WHERE done IS NULL \
                        AND sequence IN (SELECT sequence FROM messages WHERE \(old))
                        """, arguments: arguments)
                if try Int.fetchOne(db, sql: "SELECT 1 FROM sinks LIMIT 1") != nil {
                    let doomed = "SELECT sequence FROM messages WHERE \(old)"
                    try Self.noteMissed(try Int64.fetchAll(db, sql: doomed, arguments: arguments), db)
                }
                try db.execute(sql: "DELETE FROM messages WHERE \(old)", arguments: arguments)
                let count = db.changesCount
                try Self.note(
                    unsentPictures: pictures ?? 0, reason: "the age of their messages", at: Date(), db)
                try db.execute(
                    sql: """
                        DELETE FROM incidents WHERE NOT open AND NOT suppressed \
                        AND id NOT IN (SELECT subject FROM messages)
                        """)
                return count
            }
        }
    }

    public func counts() throws(OutboxError) -> OutboxCounts {
        try Self.explaining("count messages") { try pool.read(Self.counts) }
    }

    static func counts(_ db: Database) throws -> OutboxCounts {
        func count(_ sql: String) throws -> Int { try Int.fetchOne(db, sql: sql) ?? 0 }
        let undelivered = try count("SELECT COUNT(*) FROM messages WHERE delivered_at IS NULL")
        return OutboxCounts(
            undelivered: undelivered, delivered: try count("SELECT messages FROM totals") - undelivered,
            bytes: try count("SELECT bytes FROM totals"),
            openIncidents: try count("SELECT COUNT(*) FROM incidents WHERE open"), lastSequence: try lastSequence(db))
    }

    package static func lastSequence(_ db: Database) throws -> Int64 {
        try Int64.fetchOne(db, sql: "SELECT last FROM sequence") ?? 0
    }

    /// The content of the site's state, all of one moment.
    ///
    /// - Parameter isCounting: whether to count the messages waiting for each sink, which takes a while for many.
    package func facts(isCounting: Bool = true) throws(OutboxError) -> SiteReport.Facts {
        try Self.explaining("read the site's state") {
            try pool.read { db in
                let newest = try Self.newest(db)
                return SiteReport.Facts(
                    epoch: epoch, counts: try Self.counts(db), dropped: try Self.drops(db),
                    evicted: try Self.evicted(db),
                    tallies: try Self.tallies(db), audit: .init(entries: newest.number, hash: newest.hash),
                    damaged: damaged, sinks: try Self.sinkReports(db, isCounting: isCounting))
            }
        }
    }

    /// Whether the incident is open, as far as this site knows.
    package func isOpen(_ incident: UUID) throws(OutboxError) -> Bool {
        try Self.explaining("look for incident \(incident.text)") {
            try pool.read { try OutboxSchema.incident(incident, $0)?.isOpen ?? false }
        }
    }

    /// SQLite's synchronous mode: 2 is FULL.
    func synchronousMode() throws -> Int? {
        try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
    }

    /// The moment by which the age of a camera's checkpoints is known; nil where there are none, or of an older
    /// version.
    public func moment(camera: String) throws(OutboxError) -> MomentOfRecord? {
        try Self.explaining("read when the state of camera \(camera) was kept") {
            let state = try pool.read { db in
                try Data.fetchOne(db, sql: "SELECT state FROM moments WHERE camera = ?", arguments: [camera])
            }
            return try state.map { try JSONDecoder().decode(MomentOfRecord.self, from: $0) }
        }
    }

    static func explaining<T>(_ operation: String, _ body: () throws -> T) throws(OutboxError) -> T {
        do { return try body() } catch let error as OutboxError { throw error } catch {
            throw OutboxError(operation: operation, error)
        }
    }
}

/// Why an operation of the outbox failed, and a remedy.
public struct OutboxError: Error, CustomStringConvertible {
    public let operation: String
    public let cause: String
    public let remedy: String
    /// Whether every further attempt would fail as well: the fault is in the data to be written.
    public var isFinal = false
    /// Whether the database is damaged: trying again does not help.
    public var isDamage = false

    public var description: String { "could not \(operation): \(cause); \(remedy)" }
}
