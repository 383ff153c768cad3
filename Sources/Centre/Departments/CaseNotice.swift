import Contract
import Domain
import Foundation

/// What a department is told of a case: a CloudEvents 1.0 envelope. The same bytes go to its topic and to its webhook.
struct CaseNotice: Encodable, Sendable {
    enum What: String, Sendable {
        case dispatched, recalled
    }

    struct Incident: Encodable, Sendable {
        let id: String
        let site: String
        let camera: String
        let zone: String
        let firstSeen: String
        let state: String
        let review: String
        let pictures: Int

        private enum CodingKeys: String, CodingKey {
            case id, site, camera, zone, state, review, pictures
            case firstSeen = "first_seen"
        }
    }

    struct Code: Encodable, Sendable {
        let system: String
        let code: String
    }

    struct Area: Encodable, Sendable {
        let code: String
        let grid: String
    }

    struct Payload: Encodable, Sendable {
        let number: String
        let stage: String
        let kind: String
        let code: Code?
        let severity: Int
        let department: String
        let area: Area
        let place: String
        let found: String
        let due: String?
        let reworks: Int
        let follows: String?
        let note: String?
        let incidents: [Incident]
        /// Where its route wants it.
        let record: StandardRecord?

        private enum CodingKeys: String, CodingKey {
            case number, stage, kind, code, severity, department, area, place, reworks, follows, note, incidents
            case record
            case found = "found_at"
            case due = "due_at"
        }
    }

    let specversion = "1.0"
    /// The same with each attempt and by each way: deduplicate by it.
    let id: String
    let source: String
    let type: String
    /// The case.
    let subject: String
    let time: String
    let datacontenttype = "application/json"
    let dataschema = "urn:gridwarden:schema:case:1"
    let data: Payload

    init(
        _ what: What, _ item: CaseRow, _ incidents: [IncidentRow], note: String?, record: StandardRecord? = nil,
        _ rules: CaseRules, at now: Double
    ) {
        func text(_ date: Double) -> String {
            RFC3339.string(from: Date(timeIntervalSince1970: date), in: rules.timeZone)
        }
        id = UUIDv7.make(date: Date(timeIntervalSince1970: now)).text
        source = "/centres/\(rules.name)"
        type = "gridwarden.case.\(what.rawValue).v1"
        subject = item.id
        time = text(now)
        data = Payload(
            number: item.number, stage: item.stage.rawValue, kind: item.kind,
            code: item.codeSystem.flatMap { system in item.code.map { Code(system: system, code: $0) } },
            severity: item.severity, department: item.department, area: Area(code: item.area, grid: item.grid),
            place: item.place, found: text(item.found), due: item.due.map(text), reworks: item.reworks,
            follows: item.follows, note: note,
            incidents: incidents.map {
                Incident(
                    id: $0.id, site: $0.site, camera: $0.camera, zone: $0.zone, firstSeen: text($0.firstSeen),
                    state: $0.state.rawValue, review: $0.review, pictures: $0.pictures)
            }, record: record)
    }

    /// `{root}/dept/{department}/{province} … {village}/{grid}/{kind}/{case}`
    func topic(_ topics: AlertTopics) -> String {
        let levels = [2, 4, 6, 9, 12].map { String(data.area.code.prefix($0)) }
        let kind = topics.kinds == .dotted ? data.kind : data.kind.replacing(".", with: "_")
        return ([topics.root, "dept", data.department] + levels + [data.area.grid, kind, subject])
            .joined(separator: "/")
    }
}
