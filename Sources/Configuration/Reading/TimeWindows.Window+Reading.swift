import Domain
import Yams

extension TimeWindows.Window {
    enum Key: String, CaseIterable { case days, from, to }

    /// From Monday, as in ISO 8601.
    private static let weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

    static func list<Outer>(_ section: Section<Outer>, _ key: Outer) -> [TimeWindows.Window] {
        let nodes = section.list(key, of: "windows {days, from, to}") ?? []
        return nodes.enumerated().compactMap { index, node in
            let place = "\(section.place), window no. \(index + 1)"
            return Section(node, place: place, at: Position(node), section.log).flatMap(read)
        }
    }

    private static func read(_ section: Section<Key>) -> TimeWindows.Window? {
        let days = days(section)
        if section.node(.from) == nil { section.reportMissing(.from, example: "\"07:00\"") }
        if section.node(.to) == nil { section.reportMissing(.to, example: "\"19:00\"") }
        guard let from = minutes(section, .from, upTo: "23:59"), let to = minutes(section, .to, upTo: "24:00") else {
            return nil
        }
        if from == to {
            section.report("from and to are equal: for the whole day write from \"00:00\" to \"24:00\"", .to)
        }
        return TimeWindows.Window(weekdays: days, start: from, end: to)
    }

    private static func minutes(_ section: Section<Key>, _ key: Key, upTo last: String) -> Int? {
        let form = "a time \"HH:MM\" from 00:00 to \(last)"
        let most = Form.minutes(last) ?? 0
        return section.text(key, form: form) { Form.minutes($0).map { $0 <= most } ?? false }.flatMap(Form.minutes)
    }

    private static func days(_ section: Section<Key>) -> Set<Int> {
        guard let nodes = section.list(.days, of: "weekdays, e.g. [mon, tue]") else { return Set(1...7) }
        let names = Wording.list(weekdays)
        if nodes.isEmpty { section.report("days is empty: name days, or leave days out for every day", .days) }
        let days = nodes.compactMap { node -> Int? in
            if let day = weekdays.firstIndex(where: { $0 == node.scalar?.string }) { return day + 1 }
            section.log.report(
                "\(section.place): there is no weekday \(Wording.quoted(node.scalar?.string ?? "")): use \(names)",
                at: Position(node))
            return nil
        }
        return Set(days)
    }
}
