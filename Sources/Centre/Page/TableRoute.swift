import Console
import Contract
import Domain
import Foundation
import Store

/// The cases as a table for spreadsheets, streamed a page at a time.
struct TableRoute: Sendable {
    private static let longest = 366.0 * 86_400
    private static let page = 200

    private let desk: PageDesk
    private let access: AccessDesk

    init(_ desk: PageDesk, _ access: AccessDesk) { (self.desk, self.access) = (desk, access) }

    var route: Route { .row(.get, "/api/v1/cases.csv", .account(.dispatcher)) { try await table($0) } }

    private func table(_ call: Call) async throws -> Answer {
        let scope = try call.scope(desk)
        var filter = try CaseRoutes.filter(call, at: desk.now)
        let end = filter.to ?? desk.now
        filter.from = filter.from ?? end - Self.longest
        guard let from = filter.from, end - from <= Self.longest else {
            throw Fault.refused("too_long", zh: "一次最多导出 366 天。", en: "At most 366 days at a time.")
        }
        let isChinese = call.query("lang") != "en"
        var facts = ["address": call.address]
        for name in ["area", "grid", "stage", "kind", "department", "due", "from", "to", "q"] {
            facts[name] = call.query(name)
        }
        let (date, name) = (access.now, try call.account.name)
        // Written down before the first row leaves.
        try await access.run { [facts] in try $0.audit(.casesExported, by: name, facts: facts, at: date) }
        let day = RFC3339.string(from: date, in: desk.parts.rules.timeZone).prefix(10)
        let heads = Self.heads.map { isChinese ? $0.zh : $0.en }
        return .table(named: "cases-\(desk.parts.id)-\(day).csv", heads) {
            [filter, desk] (cursor: CaseQueries.Cursor?) in
            try await desk.run { parts in
                let (lines, next) = try parts.queries.lines(filter, scope, after: cursor, limit: Self.page)
                return (lines.map { Self.cells($0, parts) }, next)
            }
        }
    }

    static let heads: [LocalizedName] = [
        .init(zh: "案件编号", en: "number"), .init(zh: "类别", en: "kind"), .init(zh: "代码体系", en: "code system"),
        .init(zh: "事项代码", en: "code"), .init(zh: "级别", en: "severity"), .init(zh: "区划代码", en: "area code"),
        .init(zh: "网格", en: "grid"), .init(zh: "微网格", en: "micro-grid"), .init(zh: "地点", en: "place"),
        .init(zh: "站点", en: "site"), .init(zh: "摄像机", en: "camera"), .init(zh: "环节", en: "stage"),
        .init(zh: "发现", en: "found"), .init(zh: "受理", en: "accepted"), .init(zh: "派遣", en: "dispatched"),
        .init(zh: "处置", en: "handled"), .init(zh: "核查", en: "checked"), .init(zh: "结束", en: "closed"),
        .init(zh: "时限", en: "due"), .init(zh: "按时", en: "in time"), .init(zh: "结果", en: "result"),
        .init(zh: "主管部门", en: "department"), .init(zh: "核实结果", en: "review"),
        .init(zh: "合并事件数", en: "incidents merged"), .init(zh: "退回次数", en: "reworks"),
        .init(zh: "事件编号", en: "incident ids"),
    ]

    private static func cells(_ line: CaseQueries.Line, _ parts: PageParts) -> [String] {
        let (row, lead) = (line.row, line.incidents.first { $0.id == line.row.lead } ?? line.incidents.first)
        func time(_ date: Double?) -> String {
            date.map { SpreadsheetText.time(parts.text($0)) } ?? ""
        }
        return [
            row.number, row.kind, row.codeSystem ?? "", row.code ?? "", "\(row.severity)", row.area, row.grid,
            lead?.microgrid ?? "", row.place, lead?.site ?? "", line.camera ?? lead?.camera ?? "", row.stage.rawValue,
            time(row.found), time(line.reached[.accepted]), time(line.reached[.dispatched]),
            time(line.reached[.handled]), time(line.reached[.checked]), time(row.closed), time(row.due),
            row.isLate ? "0" : "1", row.result ?? "", row.department, lead?.review ?? "", "\(row.merged)",
            "\(row.reworks)", line.incidents.map(\.id).joined(separator: " "),
        ]
    }
}
