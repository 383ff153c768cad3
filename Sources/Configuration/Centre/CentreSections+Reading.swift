import Domain
import Foundation
import Yams

extension CentreConfiguration.Keep {
    enum Key: String, CaseIterable {
        case messagesDays = "messages_days"
        case casesDays = "cases_days"
        case evidenceDays = "evidence_days"
    }

    static func read(_ section: Section<Key>) -> Self {
        var keep = Self()
        keep.messageDays = section.integer(.messagesDays) ?? keep.messageDays
        keep.caseDays = section.integer(.casesDays) ?? keep.caseDays
        keep.evidenceDays = section.integer(.evidenceDays) ?? keep.evidenceDays
        return keep
    }
}

extension CentreConfiguration.WorkCalendar {
    /// By its fields: hours and dates have readers of their own.
    static func read<Key>(_ node: Node, _ outer: Section<Key>) -> Self {
        var calendar = Self()
        guard
            let section = Section(
                node, fields: fields, place: "centre, calendar", at: Position(node), outer.log)
        else { return calendar }
        let values = section.values(of: fields)
        if case .windows(let hours)? = values["hours"] { calendar.hours = hours }
        if case .dates(let dates)? = values["holidays"] { calendar.holidays = dates }
        if case .dates(let dates)? = values["workdays"] { calendar.workdays = dates }
        let both = calendar.holidays.intersection(calendar.workdays)
        if !both.isEmpty {
            section.report("a day is both a holiday and a workday: keep one of them", FieldName(rawValue: "workdays"))
        }
        return calendar
    }
}

extension CentreConfiguration.Limit {
    enum Key: String, CaseIterable { case kind, accept, handle, check }

    static let form = "a count and min, h, d, wh (hours of work) or wd (days of work), e.g. 2 wh"

    /// Nil for a faulty kind.
    static func read(_ section: Section<Key>, _ catalogue: Catalogue) -> Self? {
        if section.node(.kind) == nil { section.reportMissing(.kind, example: "parking.*") }
        guard let kind = section.node(.kind).flatMap({ CentreConfiguration.kind($0, catalogue, section) }) else {
            return nil
        }
        return Self(
            kinds: kind, accept: limit(section, .accept), handle: limit(section, .handle),
            check: limit(section, .check))
    }

    private static func limit(_ section: Section<Key>, _ key: Key) -> TimeLimit? {
        section.text(key, form: form) { TimeLimit($0) != nil }.flatMap { TimeLimit($0) }
    }
}

extension CentreConfiguration.Place {
    enum Key: String, CaseIterable { case id, zones }

    static func read(_ section: Section<Key>) -> Self {
        if section.node(.zones) == nil {
            section.reportMissing(.zones, example: "[320583102-003-edge01/cam-01/np1]")
        }
        let zones = (section.list(.zones, of: "zones, e.g. [320583102-003-edge01/cam-01/np1]") ?? []).compactMap {
            node -> String? in
            let text = node.scalar?.string ?? ""
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            if parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) { return text }
            section.log.report(
                "\(section.place): an item of zones must be site/camera/zone, not \(Wording.quoted(text))",
                at: Position(node))
            return nil
        }
        return Self(id: section.identifier(.id, example: "dongmen-gate") ?? "", zones: zones)
    }
}

extension CentreConfiguration.Auto {
    enum Key: String, CaseIterable {
        case acceptConfirmed = "accept_confirmed"
        case closeSelfResolvedAfter = "close_self_resolved_after"
        case closeCheckedAfter = "close_checked_after"
    }

    static let form = "a count and min, h or d, e.g. 10 min"

    static func read(_ section: Section<Key>) -> Self {
        var auto = Self()
        auto.acceptsConfirmed = section.boolean(.acceptConfirmed) ?? auto.acceptsConfirmed
        auto.selfResolvedAfter = seconds(section, .closeSelfResolvedAfter) ?? auto.selfResolvedAfter
        auto.checkedClosesAfter = seconds(section, .closeCheckedAfter) ?? auto.checkedClosesAfter
        return auto
    }

    private static func seconds(_ section: Section<Key>, _ key: Key) -> Double? {
        func seconds(_ text: String) -> Double? {
            if case .plain(let seconds)? = TimeLimit(text) { seconds } else { nil }
        }
        return section.text(key, form: form) { seconds($0) != nil }.flatMap(seconds)
    }
}

extension CentreConfiguration.Route {
    enum Key: String, CaseIterable {
        case id, kind, area, department, topic, webhook, record
        case departmentCode = "department_code"
        case departmentName = "department_name"
    }

    /// Nil for a faulty kind.
    static func read(_ section: Section<Key>, in area: AreaCode, _ catalogue: Catalogue) -> Self? {
        let id = section.identifier(.id, example: "traffic-police")
        if section.node(.kind) == nil { section.reportMissing(.kind, example: "parking.*") }
        if section.node(.department) == nil { section.reportMissing(.department, example: "traffic-police") }
        let kind = section.node(.kind).flatMap { CentreConfiguration.kind($0, catalogue, section) }
        let department = section.text(.department, form: "a slug such as traffic-police", Form.isRole)
        guard let kind else { return nil }
        var route = Self(
            id: id ?? "", kinds: kind, area: CentreConfiguration.area(section, .area), department: department ?? "")
        if let own = route.area, !area.covers(own.segment(own.level)) {
            section.report("area \(own.segment(own.level)) lies outside of the centre's", .area)
        }
        route.hasTopic = section.boolean(.topic) ?? route.hasTopic
        route.webhook = section.section(.webhook, place: "\(section.place), webhook").map(Webhook.read)
        route.hasRecord = section.boolean(.record) ?? route.hasRecord
        route.departmentCode = section.code(.departmentCode)
        route.departmentName = section.text(.departmentName)
        for key in [Key.departmentCode, .departmentName] where section.node(key) != nil && !route.hasRecord {
            section.report("\(key.rawValue) stands in the record only: add record: true", key)
        }
        if !route.hasTopic, route.webhook == nil, section.node(.webhook) == nil {
            section.report("nobody hears of a case by this route: add topic: true or a webhook", .department)
        }
        return route
    }
}

extension CentreConfiguration.Route.Webhook {
    enum Key: String, CaseIterable {
        case url
        case secretFile = "secret_file"
        case caFile = "ca_file"
    }

    /// No fault quotes the address: it may contain a secret.
    static func read(_ section: Section<Key>) -> Self {
        if section.node(.url) == nil { section.reportMissing(.url, example: "https://desk.example.org/cases") }
        let url = section.raw(.url) ?? ""
        let parts = URLComponents(string: url)
        let isRight =
            url.utf8.count <= 2048 && ["http", "https"].contains(parts?.scheme ?? "")
            && parts?.host.map { !$0.isEmpty } ?? false && parts?.user == nil && parts?.password == nil
            && parts?.fragment == nil
        if section.node(.url) != nil, !isRight {
            section.report(
                "url must be an address that begins with https:// or http:// and names a host, without user, password and #",
                .url)
        }
        return Self(url: url, secretFile: section.text(.secretFile), caFile: section.text(.caFile))
    }
}

extension CentreConfiguration {
    /// The section `console`.
    enum Page {
        enum Key: String, CaseIterable {
            case listen, hosts
            case trustedProxies = "trusted_proxies"
            case insecure
        }

        static func read(_ section: Section<Key>) -> ConsoleSettings {
            ConsoleSettings.read(
                section, listen: .listen, hosts: .hosts, trustedProxies: .trustedProxies, insecure: .insecure)
        }
    }
}
