public import Foundation

/// When a rule applies: weekdays and hours in an IANA time zone. No window means always.
public struct TimeWindows: Sendable, Hashable, Codable {
    /// Minutes of the local day, `start` inclusive and `end` exclusive; `end` ≤ `start` runs past midnight.
    public struct Window: Sendable, Hashable, Codable {
        /// ISO weekdays, 1 Monday … 7 Sunday, of the day on which the window starts.
        public var weekdays: Set<Int>
        public var start: Int
        public var end: Int

        public init(weekdays: Set<Int> = Set(1...7), start: Int, end: Int) {
            self.weekdays = weekdays
            self.start = start
            self.end = end
        }
    }

    /// A day of the calendar.
    public struct Day: Sendable, Hashable, Codable {
        public var year: Int
        public var month: Int
        public var day: Int

        public init(year: Int, month: Int, day: Int) {
            self.year = year
            self.month = month
            self.day = day
        }
    }

    public var windows: [Window]
    /// Local days on which the rule does not apply, whatever the windows say.
    public var holidays: Set<Day>
    public var timeZone: TimeZone

    public init(windows: [Window], holidays: Set<Day> = [], timeZone: TimeZone) {
        self.windows = windows
        self.holidays = holidays
        self.timeZone = timeZone
    }

    public static let always = TimeWindows(windows: [], timeZone: .gmt)

    public func contains(_ date: Date) -> Bool {
        guard !windows.isEmpty || !holidays.isEmpty else { return true }
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = timeZone
        let parts = calendar.dateComponents([.year, .month, .day, .weekday, .hour, .minute], from: date)
        let today = Day(year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0)
        guard !holidays.contains(today) else { return false }
        guard !windows.isEmpty else { return true }
        let minute = (parts.hour ?? 0) * 60 + (parts.minute ?? 0)
        let weekday = ((parts.weekday ?? 1) + 5) % 7 + 1
        let yesterday = (weekday + 5) % 7 + 1
        return windows.contains { window in
            if window.end > window.start {
                return window.weekdays.contains(weekday) && minute >= window.start && minute < window.end
            }
            return window.weekdays.contains(weekday) && minute >= window.start
                || window.weekdays.contains(yesterday) && minute < window.end
        }
    }

    /// Since when, going back from `date` minute by minute but not beyond `earliest`, the windows have applied.
    public func held(since earliest: Date, until date: Date) -> Date {
        guard !windows.isEmpty || !holidays.isEmpty else { return earliest }
        var begin = (date.timeIntervalSince1970 / 60).rounded(.down) * 60
        while begin > earliest.timeIntervalSince1970, contains(Date(timeIntervalSince1970: begin - 60)) { begin -= 60 }
        return max(earliest, Date(timeIntervalSince1970: begin))
    }
}
