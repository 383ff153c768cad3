import Console
import Contract
import Domain
import Foundation
import Store

/// The screen: the centre, its numbers, its sites, its deliveries.
struct ScreenRoutes: Sendable {
    private let desk: PageDesk
    private let access: AccessDesk

    init(_ desk: PageDesk, _ access: AccessDesk) { (self.desk, self.access) = (desk, access) }

    var all: [Route] {
        [
            .row(.get, "/api/v1/centre", .account(.viewer)) { try about($0) },
            .row(.get, "/api/v1/overview", .account(.viewer)) { try await overview($0) },
            .row(.get, "/api/v1/sites", .account(.viewer)) { try await sites($0) },
            // What was refused may be of anywhere.
            .row(.get, "/api/v1/refusals", .wholeSite(.viewer)) { _ in try await refusals() },
            .row(.get, "/api/v1/deliveries", .account(.admin)) { try await deliveries($0) },
            .row(.post, "/api/v1/deliveries/:delivery/retry", .account(.admin)) { try await retry($0) },
        ]
    }

    private struct Named: Encodable {
        let id: String
        let name: LocalizedName
    }

    private struct Department: Encodable {
        let id: String
        let name: LocalizedName
        /// Whether it hears of a case that is sent to it.
        let routed: Bool
    }

    private struct About: Encodable {
        let id: String
        let area: String
        let software: String
        let time: String
        let kinds: [Named]
        let departments: [Department]
        /// What the account sees.
        let scope: Scope

        struct Scope: Encodable {
            let area: String
            let grid: String?
            let department: String?
        }
    }

    private func about(_ call: Call) throws -> Answer {
        let (parts, scope) = (desk.parts, try call.whole(desk))
        let kinds = parts.catalogue.kinds.compactMap { kind in
            parts.catalogue[kind].map { Named(id: kind.rawValue, name: $0.name) }
        }
        let routed = Set(parts.rules.routes.map(\.department))
        let known = parts.catalogue.kinds.compactMap { parts.catalogue[$0]?.departments }.flatMap {
            [$0.primary] + $0.bySurface.values + $0.assisting
        }
        let names = Dictionary(known.map { ($0.role, $0.name) }) { first, _ in first }
        let ids = routed.union(names.keys).union(scope.department.map { [$0] } ?? []).sorted()
        return .json(
            About(
                id: parts.id, area: parts.area.segment(parts.area.level), software: parts.software,
                time: parts.text(desk.now), kinds: kinds,
                departments: ids.map {
                    Department(id: $0, name: names[$0] ?? LocalizedName(zh: $0, en: $0), routed: routed.contains($0))
                }, scope: .init(area: scope.area, grid: scope.grid, department: scope.department)))
    }

    private struct Screen: Encodable {
        let area: String
        let grid: String?
        let time: String
        let event: String
        let figures: OverviewQueries.Figures
        let children: [OverviewQueries.Child]
        let kinds: [OverviewQueries.Kind]
        let stages: [OverviewQueries.Stage]
        let sites: OverviewQueries.Sites?
    }

    private func overview(_ call: Call) async throws -> Answer {
        let (scope, now) = (try call.scope(desk), desk.now)
        return .json(
            try await desk.run { parts in
                let event = try parts.event()
                let overview = try parts.overview.overview(scope, at: now)
                return Screen(
                    area: scope.area, grid: scope.grid, time: parts.text(now), event: event.text,
                    figures: overview.figures, children: overview.children, kinds: overview.kinds,
                    stages: overview.stages, sites: overview.sites)
            })
    }

    private struct Site: Encodable {
        let id: String
        let epoch: String
        let area: String
        let state: String?
        let seen: String
        let clock: Double?
        let cameras: Int
        let seeing: Int
        /// First and last of each span.
        let missing: [[Int64]]
        let lost: [[Int64]]
    }

    private func sites(_ call: Call) async throws -> Answer {
        let scope = try call.scope(desk)
        guard scope.hasPlaces else { throw Fault.area }
        let items = try await desk.run { parts in
            try parts.queries.sites(scope).map {
                Site(
                    id: $0.standing.id, epoch: $0.standing.epoch, area: $0.standing.area, state: $0.standing.state,
                    seen: parts.text($0.standing.seen), clock: $0.standing.clock, cameras: $0.cameras,
                    seeing: $0.seeing, missing: $0.standing.missing, lost: $0.standing.lost)
            }
        }
        return .json(["items": items])
    }

    private struct Refusal: Encodable {
        let at: String
        let topic: String
        let reason: String
        let text: String
    }

    private func refusals() async throws -> Answer {
        let items = try await desk.run { parts in
            try CentreQueries(parts.store).refusals().map {
                Refusal(at: parts.text($0.at), topic: $0.topic, reason: $0.reason, text: $0.text)
            }
        }
        return .json(["items": items])
    }

    private struct Delivery: Encodable {
        let id: String
        let caseID: String
        let number: String
        let route: String
        let created: String
        let attempts: Int
        let next: String?
        let dead: String?
        let error: String?

        private enum CodingKeys: String, CodingKey {
            case id, number, route, created, attempts, next, dead, error
            case caseID = "case"
        }
    }

    private func deliveries(_ call: Call) async throws -> Answer {
        let state = call.query("state") ?? "dead"
        guard ["dead", "waiting"].contains(state) else { throw Fault.malformed }
        let scope = try call.whole(desk)
        let items = try await desk.run { parts in
            try parts.queries.deliveries(dead: state == "dead", scope, limit: 100).map {
                Delivery(
                    id: $0.id, caseID: $0.caseID, number: $0.number, route: $0.route, created: parts.text($0.created),
                    attempts: $0.attempts, next: $0.next.map(parts.text), dead: $0.dead.map(parts.text),
                    error: $0.error)
            }
        }
        return .json(["items": items])
    }

    private func retry(_ call: Call) async throws -> Answer {
        let (id, name, address, date) = (call.value("delivery"), try call.account.name, call.address, access.now)
        guard try await desk.run({ try $0.desk.retry(delivery: id) }) else { throw Fault.notFound }
        try await access.run {
            try $0.audit(.deliveryRetried, by: name, facts: ["delivery": id, "address": address], at: date)
        }
        return .json(["id": id])
    }
}
