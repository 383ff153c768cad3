import Domain
package import Foundation
package import Store

/// Holds a centre's database against the truth of a simulation: what is lost, there twice, at a wrong stage, or missing
/// without a name.
package struct TruthCheck: Codable, Sendable {
    /// Problems that are told one by one; more of a kind are counted.
    private static let mostTold = 20

    /// Messages that the sites have written.
    package private(set) var written = 0
    package private(set) var stored = 0
    /// Nobody could have them, and they are named as lost.
    package private(set) var named: Int64 = 0
    /// Their site lost its database before the centre had them, and they are named as lost.
    package private(set) var goneWithStore: Int64 = 0
    /// Nobody outside ever heard of them.
    package private(set) var unheard: Int64 = 0
    package private(set) var incidents = 0
    package private(set) var cases = 0
    package private(set) var steps = 0
    /// By their kind.
    package private(set) var problems: [String: Int] = [:]
    /// The first of each kind.
    package private(set) var examples: [String] = []

    package var isRight: Bool { problems.isEmpty }

    private enum CodingKeys: String, CodingKey {
        case written, stored, named, unheard, incidents, cases, steps, problems, examples
        case goneWithStore = "gone_with_store"
    }

    /// Throws `SQLFault` where the database cannot be read.
    ///
    /// - Parameter now: by which what is due is judged.
    package init(_ truth: Truth, _ store: any SQLDatabase, now: Date = Date()) throws {
        try store.read { db in
            for site in truth.sites {
                var isWhole = true
                for epoch in site.epochs { try check(epoch, of: site, db, &isWhole) }
                for incident in site.incidents { try check(incident, of: site, isWhole: isWhole, db) }
            }
            try checkTwins(truth, db)
            var cases = CaseCheck(now: now.timeIntervalSince1970)
            try cases.check(truth, db)
            for (kind, text) in cases.problems { problem(kind, text) }
            self.cases = cases.count
            steps = truth.steps.count
        }
    }

    private mutating func problem(_ kind: String, _ text: String) {
        problems[kind, default: 0] += 1
        if problems[kind] ?? 0 <= Self.mostTold { examples.append("\(kind): \(text)") }
    }

    // MARK: Messages

    private mutating func check(
        _ epoch: Truth.Epoch, of site: Truth.Site, _ db: any SQLConnection, _ isWhole: inout Bool
    ) throws {
        written += epoch.ids.count
        let stream = try db.row(
            "SELECT stream FROM site WHERE id = ? AND epoch = ?", [.text(site.id), .text(epoch.epoch)]
        )?.integer(0)
        let rows = try stream.map {
            try db.rows("SELECT sequence, id FROM message WHERE stream = ? ORDER BY sequence", [.integer($0)])
        }
        let spans = try stream.map {
            try db.rows("SELECT first, last FROM gap WHERE stream = ? AND outcome = 'lost'", [.integer($0)])
        }
        let lost = (spans ?? []).compactMap { row in
            row.integer(0).flatMap { first in row.integer(1).flatMap { first <= $0 ? first...$0 : nil } }
        }
        let ids = Dictionary((rows ?? []).map { ($0.integer(0) ?? 0, $0.name(1)) }) { first, _ in first }
        stored += ids.count
        if let beyond = ids.keys.max(), beyond > Int64(epoch.ids.count) {
            problem("never written", "\(site.id) \(epoch.epoch): sequence \(beyond) of \(epoch.ids.count)")
        }
        for (index, id) in epoch.ids.enumerated() {
            let sequence = Int64(index) + 1
            if let found = ids[sequence] {
                if found != id { problem("wrong id", "\(site.id) \(epoch.epoch): \(sequence) is \(found), not \(id)") }
                continue
            }
            isWhole = false
            let isNamed = lost.contains { $0.contains(sequence) }
            let isGone = epoch.lost.contains { $0[0] <= sequence && sequence <= $0[1] }
            switch (isGone, isNamed) {
            case (true, true): named += 1
            case (true, false):
                if sequence <= epoch.heard {
                    problem("lost without a name", "\(site.id) \(epoch.epoch): \(sequence)")
                } else {
                    unheard += 1
                }
            case (false, true):
                if epoch.isCurrent {
                    problem("named lost, but held", "\(site.id) \(epoch.epoch): \(sequence)")
                } else {
                    goneWithStore += 1
                }
            case (false, false): problem("lost", "\(site.id) \(epoch.epoch): \(sequence)")
            }
        }
    }

    // MARK: Incidents

    private mutating func check(
        _ incident: Truth.Incident, of site: Truth.Site, isWhole: Bool, _ db: any SQLConnection
    ) throws {
        guard let row = try IncidentRow.find(incident.id, db) else {
            if isWhole { problem("incident missing", "\(site.id) \(incident.id)") }
            return
        }
        incidents += 1
        let versions =
            [Truth.Version(revision: incident.revision, state: incident.state, review: incident.review)]
            + incident.unsure
        let isSame = versions.contains {
            row.revision == $0.revision && row.state.rawValue == $0.state && row.review == $0.review
        }
        if !isSame, isWhole || row.revision > incident.revision {
            problem(
                "wrong state",
                "\(site.id) \(incident.id): \(row.state.rawValue) \(row.review) revision \(row.revision), in truth "
                    + "\(incident.state) \(incident.review) revision \(incident.revision)")
        }
        let cases = try db.rows(
            "SELECT case_id FROM case_incident WHERE incident = ? AND removed_at IS NULL", [.text(incident.id)])
        if row.caseID == nil {
            problem("without a case", "\(site.id) \(incident.id)")
        } else if cases.count != 1, try !hasBeenTakenUp(cases, db) {
            problem("in several cases", "\(site.id) \(incident.id): \(cases.count)")
        }
    }

    /// Cases that were merged into another one keep their list.
    private func hasBeenTakenUp(_ cases: [SQLRow], _ db: any SQLConnection) throws -> Bool {
        let open = try cases.filter { try CaseRow.find($0.name(0), db)?.stage.isOpen ?? false }
        return open.count <= 1
    }

    /// What two sites see at a declared place is one case, unless the first one's was over when the other came.
    private mutating func checkTwins(_ truth: Truth, _ db: any SQLConnection) throws {
        var pairs: [String: [(id: String, clock: Double)]] = [:]
        for site in truth.sites {
            for incident in site.incidents {
                if let twin = incident.twin { pairs[twin, default: []].append((incident.id, site.clock)) }
            }
        }
        for (twin, pair) in pairs where pair.count == 2 && pair.allSatisfy({ $0.clock == 0 }) {
            let cases = try pair.compactMap { try IncidentRow.find($0.id, db)?.caseID }
                .compactMap { try CaseRow.find($0, db) }.sorted { $0.found < $1.found }
            guard cases.count == 2, cases[0].id != cases[1].id else { continue }
            if cases[0].closed.map({ $0 > cases[1].found }) ?? true {
                problem("twins apart", "\(twin): \(cases[0].number) and \(cases[1].number)")
            }
        }
    }
}
