import Analytics
import Foundation

extension VendingSettings.Permit {
    enum Key: String, CaseIterable { case name, polygon, until, windows }

    /// - Parameter timeZone: the rule's.
    static func read(_ section: Section<Key>, timeZone: TimeZone) -> VendingSettings.Permit {
        let form = "a date YYYY-MM-DD, the last day of the permit"
        let until = section.text(.until, form: form) { Form.day($0) != nil }.flatMap(Form.day)
        return VendingSettings.Permit(
            name: section.required(.name, example: "breakfast stall no. 3"),
            polygon: PolygonReader(section, .polygon).polygon, until: until.flatMap { end(of: $0, in: timeZone) },
            windows: TimeWindows(windows: TimeWindows.Window.list(section, .windows), timeZone: timeZone))
    }

    /// The last millisecond of a day.
    private static func end(of day: TimeWindows.Day, in timeZone: TimeZone) -> Date? {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = timeZone
        // The next day and not 24 hours: days of a change to summer time have 23.
        let next = DateComponents(year: day.year, month: day.month, day: day.day + 1)
        return calendar.date(from: next)?.addingTimeInterval(-0.001)
    }
}
