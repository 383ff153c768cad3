import Contract
import Domain
import Foundation
import Store

/// The list of incidents as a table for spreadsheets, streamed a page at a time.
struct ExportRoutes: Sendable {
    private static let longest = 366.0 * 86_400
    private static let page = 100

    private let desk: ConsoleDesk

    init(_ desk: ConsoleDesk) { self.desk = desk }

    var route: Route { .row(.get, "/api/v1/incidents.csv", .account(.operator)) { try await table($0) } }

    private func table(_ call: Call) async throws -> Answer {
        var filter = try IncidentRoutes.filter(call)
        let (date, requester) = (desk.now, try call.requester)
        let end = filter.to ?? date
        filter.from = filter.from ?? end.addingTimeInterval(-Self.longest)
        guard let from = filter.from, end.timeIntervalSince(from) <= Self.longest else {
            throw Fault.refused("too_long", zh: "一次最多导出 366 天。", en: "At most 366 days at a time.")
        }
        let isChinese = call.query("lang") != "en"
        var facts = ["address": requester.address]
        for name in ["review", "state", "camera", "kind", "from", "to", "q"] { facts[name] = call.query(name) }
        // Written down before the first row leaves.
        try await desk.run { [filter, facts] parts in
            var facts = facts
            facts["incidents"] = "\(try parts.outbox.incidentCount(filter))"
            try parts.outbox.audit(.incidentsExported, by: requester.name, facts: facts, at: date)
        }
        let day = RFC3339.string(from: date, in: desk.parts.site.timeZone).prefix(10)
        let site = desk.parts.site.id.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
        let heads = Self.heads.map { isChinese ? $0.zh : $0.en }
        return Answer.table(named: "incidents-\(site)-\(day).csv", heads) {
            [filter, desk] (cursor: Outbox.IndexCursor?) in
            let (items, next) = try await desk.run { try $0.outbox.incidents(filter, after: cursor, limit: Self.page) }
            return (items.map { Self.cells($0, isChinese) }, next)
        }
    }

    private static let heads: [LocalizedName] = [
        .init(zh: "事件编号", en: "incident"), .init(zh: "类别", en: "kind"), .init(zh: "类别名称", en: "kind name"),
        .init(zh: "代码体系", en: "code system"), .init(zh: "事项代码", en: "code"), .init(zh: "级别", en: "severity"),
        .init(zh: "状态", en: "state"), .init(zh: "结束原因", en: "reason"), .init(zh: "核实结果", en: "review"),
        .init(zh: "区划代码", en: "area code"), .init(zh: "网格", en: "grid"), .init(zh: "微网格", en: "micro-grid"),
        .init(zh: "摄像机编号", en: "camera"), .init(zh: "摄像机", en: "camera name"), .init(zh: "区域", en: "zone"),
        .init(zh: "首次发现", en: "first seen"), .init(zh: "确认", en: "confirmed"),
        .init(zh: "最后看见", en: "last seen"), .init(zh: "离开", en: "gone"),
        .init(zh: "停留秒数", en: "dwell seconds"), .init(zh: "允许秒数", en: "allowed seconds"),
        .init(zh: "主管部门", en: "department"), .init(zh: "参考时限", en: "usual limit"),
        .init(zh: "图片数", en: "pictures"), .init(zh: "消息序号", en: "sequence"),
        .init(zh: "已送达中心", en: "delivered"),
    ]

    private static func cells(_ item: Outbox.IndexedIncident, _ isChinese: Bool) -> [String] {
        let (data, observed) = (item.event.data, item.event.data.observed)
        func name(_ name: LocalizedName) -> String { isChinese ? name.zh : name.en }
        let codes = data.codes
        let time = SpreadsheetText.time
        let yes = isChinese ? "是" : "yes"
        let no = isChinese ? "否" : "no"
        return [
            item.event.subject, data.kind, name(data.name), codes.map(\.system).joined(separator: " / "),
            codes.map(\.code).joined(separator: " / "), "\(data.severity)", data.incident.state,
            data.incident.reason ?? "", data.incident.review, data.area.code, data.area.grid, data.area.microgrid,
            data.camera.id, data.camera.name, data.zone.name, time(observed.firstSeen), time(observed.confirmed),
            time(observed.lastSeen), observed.closed.map(time) ?? "", String(format: "%.0f", observed.dwellSeconds),
            String(format: "%.0f", observed.thresholdSeconds), name(data.department.name), data.suggestedLimit,
            "\(item.pictures.count)", "\(item.sequence)", item.isDelivered ? yes : no,
        ]
    }
}
