import Contract
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Store

/// The audit log, newest first, and whether it is as it was written.
struct AuditRoutes: Sendable {
    private static let mostItems = 200

    private let desk: AccessDesk
    private let inspection: AuditInspection

    init(_ desk: AccessDesk) {
        self.desk = desk
        inspection = AuditInspection(desk)
    }

    var all: [Route] {
        [
            Route(.get, "/api/v1/audit", .account(.admin)) { try await list($0) },
            Route(.get, "/api/v1/audit/chain", .account(.admin)) { _ in try await chain() },
        ]
    }

    private struct Item: Encodable {
        let number: Int64
        let at: String
        let event: String
        let by: String
        let facts: [String: String]
    }

    private struct List: Encodable {
        let items: [Item]
        /// For `after`; nil at the end.
        let next: String?
        /// All that there are, for the filter.
        let events: [String]
    }

    private func list(_ call: Call) async throws -> Response {
        var filter = AuditFilter()
        if let event = call.query("event") {
            guard AuditEntry.Event(rawValue: event) != nil else { throw Fault.malformed }
            filter.event = event
        }
        // A hyphen stands for the site itself, which has no name.
        filter.by = call.query("by").map { $0 == "-" ? "" : $0 }
        filter.words = call.query("q").map { String($0.prefix(100)) }
        let before = try call.query("after").map { text in
            guard let number = Int64(text), number > 0 else { throw Fault.malformed }
            return number
        }
        let limit = try call.limit(most: Self.mostItems)
        let found = try await desk.run { [filter] in
            try $0.auditLines(filter, before: before, limit: limit + 1)
        }
        let lines = found.prefix(limit)
        let list = List(
            items: lines.map {
                .init(number: $0.number, at: local($0.at), event: $0.event, by: $0.by, facts: $0.facts)
            },
            next: found.count > limit ? lines.last.map { "\($0.number)" } : nil,
            events: AuditEntry.Event.allCases.map(\.rawValue))
        return Response(json: list)
    }

    /// The log is in UTC, for its hashes; people read it at the place.
    private func local(_ text: String) -> String {
        RFC3339.date(from: text).map { RFC3339.string(from: $0, in: desk.timeZone) } ?? text
    }

    private struct Chain: Encodable {
        /// `intact` or `broken`.
        let state: String
        /// The first entry that is kept, and the last that is as it was written.
        let first: Int64
        let last: Int64
        /// Of the last one. A copy kept elsewhere proves that the log was not written anew.
        let hash: String
        /// The entry at which it differs, and how, in English as in the log.
        let brokenAt: Int64?
        let cause: String?
        let at: String

        private enum CodingKeys: String, CodingKey {
            case state, first, last, hash, cause, at
            case brokenAt = "broken_at"
        }
    }

    private func chain() async throws -> Response {
        let report = try await inspection.report()
        return Response(
            json: Chain(
                state: report.broken == nil ? "intact" : "broken", first: report.first, last: report.through.number,
                hash: report.through.hash, brokenAt: report.broken?.number, cause: report.broken?.cause,
                at: RFC3339.string(from: report.at, in: desk.timeZone)))
    }
}
