public import Foundation

/// When a rule holds: weekdays and hours in an IANA time zone. No window means always.
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

    public var windows: [Window]
    public var timeZone: TimeZone

    public init(windows: [Window], timeZone: TimeZone) {
        self.windows = windows
        self.timeZone = timeZone
    }

    public static let always = TimeWindows(windows: [], timeZone: .gmt)

    public func contains(_ date: Date) -> Bool {
        guard !windows.isEmpty else { return true }
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = timeZone
        let parts = calendar.dateComponents([.weekday, .hour, .minute], from: date)
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

    /// Since when, going back from `date` minute by minute but not beyond `earliest`, the windows have held.
    public func held(since earliest: Date, until date: Date) -> Date {
        guard !windows.isEmpty else { return earliest }
        var begin = (date.timeIntervalSince1970 / 60).rounded(.down) * 60
        while begin > earliest.timeIntervalSince1970, contains(Date(timeIntervalSince1970: begin - 60)) { begin -= 60 }
        return max(earliest, Date(timeIntervalSince1970: begin))
    }
}
