package import Contract
package import Foundation
package import Store

/// What people do with cases, whichever way they come: each call is one transaction. Everything is in the database, so that
/// a command does beside a running centre what a page of it does.
package final class CaseDesk: Sendable {
    private let store: any SQLDatabase
    private let rules: CaseRules
    private let topics: AlertTopics
    private let now: @Sendable () -> Date

    package init(
        _ store: any SQLDatabase, _ rules: CaseRules, topics: AlertTopics,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.store = store
        self.rules = rules
        self.topics = topics
        self.now = now
    }

    /// Takes a step. Throws `CaseRefusal` where it does not fit, `SQLFault` where the database fails.
    ///
    /// - Parameter id: of the case, or its number.
    package func take(_ step: CaseStep, case id: String) throws -> CaseItem {
        try change { book in CaseItem(try book.take(step, case: try Self.id(id, book.db)).item) }
    }

    /// Puts the incidents of another case into this one, which ends the other.
    package func merge(_ other: String, into id: String, by actor: String, request: String) throws -> CaseItem {
        try change { book in
            CaseItem(
                try book.merge(
                    try Self.id(other, book.db), into: try Self.id(id, book.db), by: actor, request: request))
        }
    }

    /// Makes one of its incidents a case of its own, which is returned.
    package func split(_ incident: String, from id: String, by actor: String, request: String) throws -> CaseItem {
        try change { book in
            CaseItem(try book.split(incident, from: try Self.id(id, book.db), by: actor, request: request))
        }
    }

    /// Takes a closed case up again, as a new one, which is returned.
    package func reopen(_ id: String, by actor: String, request: String) throws -> CaseItem {
        try change { book in
            CaseItem(try book.reopen(try Self.id(id, book.db), by: actor, request: request))
        }
    }

    /// Sends a notice again that was given up. Returns false where there is no such one.
    package func retry(delivery id: String) throws -> Bool {
        let date = now().timeIntervalSince1970
        return try store.write { try DeliveryRow.revive(id, $0, at: date) }
    }

    private func change<Result>(_ body: (inout CaseBook) throws -> Result) throws -> Result {
        let date = now().timeIntervalSince1970
        return try store.write { db in
            var book = CaseBook(db, rules, topics: topics, at: date)
            let result = try body(&book)
            try book.tally.write(db)
            return result
        }
    }

    private static func id(_ text: String, _ db: any SQLConnection) throws -> String {
        guard let item = try CaseRow.find(text, db) ?? CaseRow.find(number: text, db) else {
            throw CaseRefusal.unknownCase(text)
        }
        return item.id
    }
}

/// A case as a list shows it. Dates are seconds since 1970.
package struct CaseItem: Codable, Sendable, Hashable {
    package var id: String
    package var number: String
    package var kind: String
    package var severity: Int
    package var area: String
    package var grid: String
    package var place: String
    package var stage: CaseStage
    package var department: String
    package var result: String?
    package var isLate: Bool
    package var isRecurring: Bool
    /// Incidents besides the first.
    package var merged: Int
    package var reworks: Int
    package var follows: String?
    package var found: Double
    package var stageAt: Double
    package var due: Double?
    package var closed: Double?

    private enum CodingKeys: String, CodingKey {
        case id, number, kind, severity, area, grid, place, stage, department, result, merged, reworks, follows
        case isLate = "late"
        case isRecurring = "recurring"
        case found = "found_at"
        case stageAt = "stage_at"
        case due = "due_at"
        case closed = "closed_at"
    }

    init(_ row: CaseRow) {
        (id, number, kind, severity) = (row.id, row.number, row.kind, row.severity)
        (area, grid, place, stage) = (row.area, row.grid, row.place, row.stage)
        (department, result, isLate, isRecurring) = (row.department, row.result, row.isLate, row.isRecurring)
        (merged, reworks, follows) = (row.merged, row.reworks, row.follows)
        (found, stageAt, due, closed) = (row.found, row.stageAt, row.due, row.closed)
    }
}
