import Analytics
public import Contract
public import Domain
public import Foundation
import GRDB

/// Looks, and the pictures that follow them.
extension Outbox {
    /// Writes all changes of a look in one transaction; returns the result of each change.
    ///
    /// A review may have changed an incident meanwhile: its verdict is kept and the revision continues from there. A
    /// change that can never be written goes to the audit log, and the rest of the look is written.
    @discardableResult
    public func commit(_ look: LookCommit) throws(OutboxError) -> [LookCommit.Outcome] {
        try Self.explaining("write a look at camera \(look.camera)") {
            let watch = try look.checkpoint?.watch?.data()
            let ground = try look.checkpoint?.ground.map { (time: $0.time.seconds, data: try $0.data()) }
            let view = try look.checkpoint?.view?.data()
            var due: [Int64] = []
            do {
                return try writeMakingRoom { db in
                    for sequence in due { held.release(sequence) }
                    due = []
                    let outcomes = try look.changes.map { change in
                        let outcome = try write(change, db)
                        if case .written(let incident, let message) = outcome, change.isEvidenceDue {
                            try db.execute(
                                sql: "INSERT INTO evidence_due (sequence, incident, revision) VALUES (?, ?, ?)",
                                arguments: [message.sequence, incident.id.text, incident.revision])
                            due.append(message.sequence)
                            // Before it becomes readable.
                            if look.isHeld { held.hold(message.sequence) }
                        }
                        return outcome
                    }
                    try Self.unsuppress(look.unsuppressed, db)
                    if let checkpoint = look.checkpoint {
                        let place = Self.place(camera: look.camera, preset: checkpoint.preset)
                        if let watch { try OutboxSchema.save(watch: watch, camera: place, db) }
                        if let ground { try OutboxSchema.save(ground: ground.data, at: ground.time, camera: place, db) }
                        if let view { try OutboxSchema.save(view: view, camera: place, db) }
                        try OutboxSchema.save(checkpoint.moment, camera: look.camera, db)
                    }
                    return outcomes
                }
            } catch {
                for sequence in due { held.release(sequence) }
                throw error
            }
        }
    }

    /// Key of a preset's checkpoint; ids contain no slash.
    public static func place(camera: String, preset: String?) -> String { preset.map { "\(camera)/\($0)" } ?? camera }

    private func write(_ change: LookCommit.Change, _ db: Database) throws -> LookCommit.Outcome {
        guard let incident = try Self.merged(change.incident, db) else { return .endedByReview }
        do { return .written(incident, try append(incident, message: change.message, db)) } catch {
            // The error occurred before any write, so the other changes remain.
            let reason = OutboxError(operation: "write incident \(incident.id.text) to the outbox", error)
            guard (error as? OutboxError)?.isFinal ?? reason.isFinal else { throw error }
            let facts = [
                "incident": incident.id.text, "state": incident.state.rawValue, "camera": incident.camera,
                "reason": (error as? OutboxError)?.cause ?? reason.cause,
            ]
            try Self.audit(.messagesDropped, by: "", facts: facts, at: Date(), db)
            return .givenUp(error as? OutboxError ?? reason)
        }
    }

    /// Releases a message that is held for its pictures; they follow with a message of their own.
    public func release(held sequence: Int64) { held.release(sequence) }

    /// Releases all messages that are held for their pictures.
    public func releaseHeld() { held.releaseAll() }

    /// The newest message that will not be rewritten.
    public func lastSettled() throws(OutboxError) -> Int64 {
        // In this order, since a message written meanwhile may be held.
        let last = try Self.explaining("read the newest sequence") { try pool.read(Self.lastSequence) }
        return held.first.map { min($0 - 1, last) } ?? last
    }

    /// The pictures of a message are ready or withheld: they go into the message itself where it is held, otherwise
    /// into a new one about its incident, `updated` where that is open.
    ///
    /// - Parameters:
    ///   - sequence: of the message that made them due.
    ///   - revise: adds the result to the incident.
    ///   - message: makes the message; the id is nil for a new one.
    /// - Returns: The current incident, and the message; nil where they were no longer due.
    @discardableResult
    public func complete(
        evidenceOf sequence: Int64, revise: (inout Incident) -> Void = { _ in },
        message: (_ incident: Incident, _ sequence: Int64, _ id: UUID?) throws -> AlertMessage
    ) throws(OutboxError) -> (incident: Incident, message: AlertMessage)? {
        let isHeld = held.claim(sequence)
        defer { held.finish(sequence) }
        return try Self.explaining("write the pictures of message \(sequence) to the outbox") {
            try writeMakingRoom { db in
                guard let due = try Due(sequence, db) else { return nil }
                try due.settle(db)
                guard var incident = try OutboxSchema.incident(due.incident, db) else { return nil }
                if isHeld, incident.revision == due.revision, let id = try Self.id(of: sequence, db) {
                    revise(&incident)
                    let message = try message(incident, sequence, id)
                    try db.execute(
                        sql: "UPDATE messages SET payload = ? WHERE sequence = ?",
                        arguments: [Data(message.payload), sequence])
                    try OutboxSchema.save(incident, db)
                    if sendsPictures { try Self.insert(message.pictures, of: message, db) }
                    return (incident, message)
                }
                incident.advance()
                revise(&incident)
                return (incident, try append(incident, message: { try message($0, $1, nil) }, db))
            }
        }
    }

    /// The due pictures will never be made: records the reason in their incidents, in one transaction.
    ///
    /// - Parameter sequences: of the messages that made them due; nil for all.
    /// - Returns: The number of resulting messages.
    @discardableResult
    public func withhold(
        evidenceOf sequences: [Int64]? = nil, because reason: String, at date: Date = Date()
    ) throws(OutboxError) -> Int {
        try Self.explaining("write that pictures are withheld") {
            try writeMakingRoom { db in
                let all =
                    try sequences ?? Int64.fetchAll(db, sql: "SELECT sequence FROM evidence_due ORDER BY sequence")
                var count = 0
                for sequence in all {
                    guard let due = try Due(sequence, db) else { continue }
                    try due.settle(db)
                    guard var incident = try OutboxSchema.incident(due.incident, db),
                        let last = try OutboxSchema.newestMessage(of: due.incident, db)
                    else { continue }
                    incident.advance()
                    incident.why.append(.init(at: incident.lastSeen, what: reason))
                    _ = try append(
                        incident,
                        message: { try AlertMessage(again: last, as: $0, sequence: $1, epoch: epoch, at: date) }, db)
                    count += 1
                }
                return count
            }
        }
    }

    /// Messages whose pictures are not made yet.
    public func evidenceDue() throws(OutboxError) -> [Int64] {
        try Self.explaining("read which pictures are due") {
            try pool.read { try Int64.fetchAll($0, sql: "SELECT sequence FROM evidence_due ORDER BY sequence") }
        }
    }

    private static func id(of sequence: Int64, _ db: Database) throws -> UUID? {
        try String.fetchOne(db, sql: "SELECT id FROM messages WHERE sequence = ?", arguments: [sequence])
            .flatMap(UUID.init(uuidString:))
    }

    private struct Due {
        let sequence: Int64
        let incident: UUID
        let revision: Int

        init?(_ sequence: Int64, _ db: Database) throws {
            let sql = "SELECT incident, revision FROM evidence_due WHERE sequence = ?"
            guard let row = try Row.fetchOne(db, sql: sql, arguments: [sequence]),
                let incident = UUID(uuidString: row["incident"])
            else { return nil }
            (self.sequence, self.incident, revision) = (sequence, incident, row["revision"])
        }

        func settle(_ db: Database) throws {
            try db.execute(sql: "DELETE FROM evidence_due WHERE sequence = ?", arguments: [sequence])
        }
    }
}

extension Incident {
    /// The same incident, reported again: an open one is `updated`.
    fileprivate mutating func advance() {
        revision += 1
        if isOpen { state = .updated }
    }
}
