import Console
import Contract
import Domain
import Foundation
import Store

/// Cases: the list, one of them with its pictures, and the steps.
struct CaseRoutes: Sendable {
    private static let mostItems = 100
    static let longestNote = 500

    private let desk: PageDesk
    private let access: AccessDesk

    init(_ desk: PageDesk, _ access: AccessDesk) { (self.desk, self.access) = (desk, access) }

    var all: [Route] {
        let steps: [CaseAction] = [.accept, .decline, .dispatch, .handled, .check, .rework, .close, .note]
        let taken = steps.map { action in
            Route.row(.post, "/api/v1/cases/:case/\(action.rawValue)", .account(.worker)) {
                try await take(action, $0)
            }
        }
        return taken + [
            .row(.get, "/api/v1/cases", .account(.viewer)) { try await list($0) },
            .row(.get, "/api/v1/cases/:case", .account(.viewer)) { try await file($0) },
            .row(.get, "/api/v1/evidence/:sha256", .account(.viewer)) { try await picture($0) },
            .row(.post, "/api/v1/cases/:case/merge", .account(.dispatcher)) { try await merge($0) },
            .row(.post, "/api/v1/cases/:case/split", .account(.dispatcher)) { try await split($0) },
            .row(.post, "/api/v1/cases/:case/reopen", .account(.dispatcher)) { try await reopen($0) },
        ]
    }

    // MARK: Looking

    private struct List: Encodable {
        let items: [CaseView]
        /// For `after`; nil at the end.
        let next: String?
        /// What these are as of, for the events after them.
        let event: String
    }

    private func list(_ call: Call) async throws -> Answer {
        let (filter, scope) = (try Self.filter(call, at: desk.now), try call.scope(desk))
        let limit = try call.limit(most: Self.mostItems)
        let cursor = try call.query("after").map { text in
            guard let cursor = CaseQueries.Cursor(text) else { throw Fault.malformed }
            return cursor
        }
        let list = try await desk.run { parts in
            // Before what is read: an event may then come twice, and none is missed.
            let event = try parts.event()
            let (items, next) = try parts.queries.list(filter, scope, after: cursor, limit: limit)
            return List(items: items.map { CaseView($0, parts) }, next: next?.text, event: event.text)
        }
        return .json(list)
    }

    /// What the address asks for. Throws `Fault.malformed`.
    static func filter(_ call: Call, at now: Double) throws -> CaseQueries.Filter {
        var filter = CaseQueries.Filter()
        if let text = call.query("stage") {
            let stages = text.split(separator: ",").map { CaseStage(rawValue: String($0)) }
            guard !stages.contains(nil), Set(stages.map { $0?.isOpen }).count == 1 else { throw Fault.malformed }
            filter.stages = Set(stages.compactMap(\.self))
            filter.isOpen = filter.stages.allSatisfy(\.isOpen)
        }
        if let state = call.query("state") {
            guard ["open", "ended"].contains(state) else { throw Fault.malformed }
            filter.isOpen = state == "open"
        }
        filter.kinds = call.query("kind").map { String($0.prefix(64)) }
        filter.department = call.query("department").map { String($0.prefix(64)) }
        filter.words = call.query("q").map { String($0.prefix(100)) }
        if let due = call.query("due") {
            guard due == "over" else { throw Fault.malformed }
            filter.dueBefore = now
        }
        for (name, key) in [("from", \CaseQueries.Filter.from), ("to", \.to)] {
            guard let text = call.query(name) else { continue }
            guard let date = RFC3339.date(from: text) else { throw Fault.malformed }
            filter[keyPath: key] = date.timeIntervalSince1970
        }
        return filter
    }

    private func file(_ call: Call) async throws -> Answer {
        let (id, scope, actor) = (call.value("case"), try call.whole(desk), CaseActor(try call.account))
        return .json(try await Self.view(id, scope, actor, desk))
    }

    private static func view(
        _ id: String, _ scope: CaseScope, _ actor: CaseActor, _ desk: PageDesk
    ) async throws -> CaseFileView {
        try await desk.run { parts in
            guard let found = try parts.queries.find(id, scope) else { throw Fault.notFound }
            return CaseFileView(found.file, found.summary, found.pictures, actor, parts)
        }
    }

    private func picture(_ call: Call) async throws -> Answer {
        let (scope, requester, sha256) = (try call.whole(desk), try call.account.name, try call.sha256)
        let found = try await desk.run { try $0.queries.picture(sha256, scope) }
        guard let found else { throw Fault.notFound }
        guard found.hasCome else { return .later(["state": "not_sent"]) }
        let bytes = try await desk.run { FileManager.default.contents(atPath: $0.pictures.file(sha256).path) }
        guard let bytes else { throw Fault.gone }
        // Nobody looks at what could not be written down.
        let (facts, date) = (["case": found.caseID, "sha256": sha256, "address": call.address], access.now)
        try await access.run { try $0.audit(.evidenceViewed, by: requester, facts: facts, at: date) }
        return .bytes(Array(bytes), mediaType: "image/jpeg")
    }

    // MARK: Steps

    private struct Step: Decodable {
        let requestID: String
        var note: String?
        var verdict: String?
        var department: String?
        var confirmed: Bool?
        /// Of a merge: the other case. Of a split: the incident.
        var with: String?
        var incident: String?

        private enum CodingKeys: String, CodingKey {
            case note, verdict, department, confirmed, with, incident
            case requestID = "request_id"
        }
    }

    private func step(_ call: Call) async throws -> Step {
        let step: Step = try await call.body()
        guard (8...128).contains(step.requestID.utf8.count), (step.note ?? "").count <= Self.longestNote,
            (step.department ?? "").utf8.count <= 64
        else { throw Fault.malformed }
        return step
    }

    private func take(_ action: CaseAction, _ call: Call) async throws -> Answer {
        let (body, actor) = (try await step(call), CaseActor(try call.account))
        let verdict = try body.verdict.map { text in
            guard let verdict = Verdict(rawValue: text) else { throw Fault.malformed }
            return verdict
        }
        guard let role = actor.role else { throw Fault.role }
        let step = CaseStep(
            request: body.requestID, action: action, actor: actor.name, role: role, ofDepartment: actor.department,
            note: body.note, verdict: verdict, department: action == .dispatch ? body.department : nil,
            isConfirmed: body.confirmed ?? false)
        return try await change(call, action.rawValue) { try $0.take(step, case: $1) }
    }

    private func merge(_ call: Call) async throws -> Answer {
        let (body, actor, scope) = (try await step(call), CaseActor(try call.account), try call.whole(desk))
        guard let other = body.with else { throw Fault.malformed }
        let otherID = try await desk.run { parts in try parts.queries.find(other, scope)?.file.item.id }
        guard let otherID else { throw Fault.notFound }
        return try await change(call, "merge") {
            try $0.merge(otherID, into: $1, by: actor.name, request: body.requestID)
        }
    }

    private func split(_ call: Call) async throws -> Answer {
        let (body, actor) = (try await step(call), CaseActor(try call.account))
        guard let incident = body.incident else { throw Fault.malformed }
        return try await change(call, "split") {
            try $0.split(incident, from: $1, by: actor.name, request: body.requestID)
        }
    }

    private func reopen(_ call: Call) async throws -> Answer {
        let (body, actor) = (try await step(call), CaseActor(try call.account))
        return try await change(call, "reopen") { try $0.reopen($1, by: actor.name, request: body.requestID) }
    }

    /// One change of a case that the account sees, and its entry in the audit log. Answers with the case as it is then.
    private func change(
        _ call: Call, _ what: String, _ body: @escaping @Sendable (CaseDesk, _ id: String) throws -> CaseItem
    ) async throws -> Answer {
        let (id, scope, account) = (call.value("case"), try call.whole(desk), try call.account)
        guard let known = try await desk.run({ try $0.queries.find(id, scope)?.file.item }) else {
            throw Fault.notFound
        }
        let changed: CaseItem
        do { changed = try await desk.run { try body($0.desk, known.id) } } catch let refusal as CaseRefusal {
            throw Fault(refusal)
        }
        let (date, address) = (access.now, call.address)
        let facts = [
            "case": changed.number, "what": what, "stage": changed.stage.rawValue, "address": address,
        ]
        try await access.run { try $0.audit(.caseChanged, by: account.name, facts: facts, at: date) }
        return .json(try await Self.view(changed.id, scope, CaseActor(account), desk))
    }
}

extension Fault {
    init(_ refusal: CaseRefusal) {
        switch refusal {
        case .unknownCase, .unknownIncident, .otherDepartment: self = .notFound
        case .forbidden: self = .role
        case .requestReused:
            self = .refused(
                "request_reused", isConflict: true, zh: "该请求编号已用于另一步骤。", en: "Another step had this request id.")
        case .stage(let stage, _):
            self = .refused(
                "stage", isConflict: true, zh: "案件已处于其他环节，可能有人先办理了。",
                en: "The case is at another stage by now: somebody was faster.")
            self.stage = stage.rawValue
        case .invalid(let text): self = .refused("invalid", zh: "该步骤缺少必要内容：\(text)", en: "\(text)")
        }
    }
}
