import Analytics
import Foundation
import Yams

extension TimeWindows {
    static func read<Key: RuleKey>(_ section: Section<Key>, site: SiteSettings) -> TimeWindows {
        TimeWindows(
            windows: Window.list(section, .windows), holidays: holidays(section),
            timeZone: section.timeZone(.timeZone) ?? site.timeZone)
    }

    private static func holidays<Key: RuleKey>(_ section: Section<Key>) -> Set<Day> {
        let nodes = section.list(.holidays, of: "dates, e.g. [2026-10-01]") ?? []
        return Set(
            nodes.compactMap { node in
                if let day = node.scalar.flatMap({ Form.day($0.string) }) { return day }
                section.log.report(
                    "\(section.place): there is no date \(Wording.quoted(node.scalar?.string ?? "")): "
                        + "write dates as YYYY-MM-DD", at: Position(node))
                return nil
            })
    }
}
