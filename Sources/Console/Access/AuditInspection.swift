import Foundation
import Store

/// Whether the audit log is as it was written. It may have half a million entries: they are read in parts, between which
/// others have their turn, by one inspection at a time, and what was found good is read again after an hour.
actor AuditInspection {
    private static let part = 500
    private static let longest = 3600.0

    struct Report: Sendable {
        /// Where it differs from what was written, and how; nil where it does not.
        let broken: AuditChain.Break?
        /// The last entry that is good.
        let through: AuditChain.Anchor
        /// The first entry that is kept.
        let first: Int64
        let at: Date
    }

    private let desk: AccessDesk
    private var running: Task<Report, any Error>?
    /// Up to where it is good, and since when.
    private var known: (through: AuditChain.Anchor, since: Date)?

    init(_ desk: AccessDesk) { self.desk = desk }

    /// Waits for the one that is under way, or begins one.
    func report() async throws -> Report {
        if let running { return try await running.value }
        let task = Task { try await inspect() }
        running = task
        defer { running = nil }
        return try await task.value
    }

    private func inspect() async throws -> Report {
        let start = desk.now
        if let known, !(0...Self.longest).contains(start.timeIntervalSince(known.since)) { self.known = nil }
        var (last, first): (AuditChain.Anchor?, Int64) = (known?.through, 1)
        while true {
            do {
                let part = try await desk.run { [last] in
                    try $0.verifyAudit(after: last, limit: Self.part)
                }
                (last, first) = (part.through, part.oldest.number + 1)
                guard part.isEnd else { continue }
                known = (part.through, known?.since ?? start)
                return Report(broken: nil, through: part.through, first: first, at: desk.now)
            } catch let broken as AuditChain.Break {
                known = nil
                return Report(broken: broken, through: last ?? .init(), first: first, at: desk.now)
            }
        }
    }
}
