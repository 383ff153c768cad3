package import Domain
package import Foundation
import Synchronization

/// The hours in which people work: of weekdays, without holidays, with days that are worked instead (调休).
///
/// Pure: the same date gives the same answer. It remembers what it has worked out about single days.
package final class WorkingCalendar: Sendable {
    /// Days that are looked through at most: a calendar without hours would never end.
    private static let mostDays = 3660

    private let hours: [TimeWindows.Window]
    private let holidays: Set<TimeWindows.Day>
    private let workdays: Set<TimeWindows.Day>
    private let timeZone: TimeZone
    /// By days since 1970: seconds since 1970 between which work is done.
    private let days = Mutex<[Int: [ClosedRange<Double>]]>([:])

    /// - Parameters:
    ///   - hours: of each weekday; one that ends before it begins runs past midnight. None: always.
    ///   - holidays: on which nothing begins.
    ///   - workdays: on which the hours of Monday begin, whatever weekday it is.
    package init(
        hours: [TimeWindows.Window], holidays: Set<TimeWindows.Day> = [], workdays: Set<TimeWindows.Day> = [],
        timeZone: TimeZone
    ) {
        self.hours = hours
        self.holidays = holidays
        self.workdays = workdays
        self.timeZone = timeZone
    }

    /// The number of the local day, from 1970 on.
    package func day(of date: Double) -> Int {
        Int(((date + offset(at: date)) / 86_400).rounded(.down))
    }

    /// A local day of the calendar.
    package func date(ofDay day: Int) -> TimeWindows.Day {
        // The inverse of counting days, with years that begin in March.
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let part = (5 * ofYear + 2) / 153
        let month = part < 10 ? part + 3 : part - 9
        return TimeWindows.Day(
            year: year + era * 400 + (month <= 2 ? 1 : 0), month: month, day: ofYear - (153 * part + 2) / 5 + 1)
    }

    private func offset(at date: Double) -> Double {
        Double(timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: date)))
    }

    /// When work is done that begins on this local day, in order and disjoint.
    package func spans(ofDay day: Int) -> [ClosedRange<Double>] {
        if let known = days.withLock({ $0[day] }) { return known }
        let made = makeSpans(ofDay: day)
        days.withLock { days in
            if days.count > 4096 { days = [:] }
            days[day] = made
        }
        return made
    }

    private func makeSpans(ofDay day: Int) -> [ClosedRange<Double>] {
        let date = date(ofDay: day)
        guard !holidays.contains(date) else { return [] }
        // The first day of 1970 was a Thursday.
        let weekday = workdays.contains(date) ? 1 : ((day + 3) % 7 + 7) % 7 + 1
        let spans = hours.filter { $0.weekdays.contains(weekday) }.map { window in
            let end = window.end > window.start ? window.end : window.end + 1440
            return moment(day, minute: window.start)...moment(day, minute: end)
        }
        return spans.sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { joined, span in
            guard let last = joined.last, span.lowerBound <= last.upperBound else { return joined.append(span) }
            joined[joined.count - 1] = last.lowerBound...max(last.upperBound, span.upperBound)
        }
    }

    /// A time of the clock on the wall; of two in autumn the first.
    private func moment(_ day: Int, minute: Int) -> Double {
        let local = Double(day) * 86_400 + Double(minute) * 60
        let guess = local - offset(at: local)
        return local - offset(at: guess)
    }

    /// Calls `body` with each span of work that ends after `date`, in order and disjoint, until it returns false.
    private func walk(from date: Double, _ body: (ClosedRange<Double>) -> Bool) {
        let first = day(of: date) - 1
        var last = -Double.infinity
        for day in first..<(first + Self.mostDays) {
            for span in spans(ofDay: day) {
                // The night before may reach into this day.
                let lower = max(span.lowerBound, last)
                guard span.upperBound > max(date, lower) else { continue }
                last = span.upperBound
                guard body(lower...span.upperBound) else { return }
            }
        }
    }

    /// When so many seconds of work have passed. Where nobody ever works, plain time.
    package func due(_ seconds: Double, after date: Double) -> Double {
        guard !hours.isEmpty, seconds > 0 else { return date + max(0, seconds) }
        var rest = seconds
        var due = date + seconds
        walk(from: date) { span in
            let start = max(span.lowerBound, date)
            let length = span.upperBound - start
            guard rest > length else {
                due = start + rest
                return false
            }
            rest -= length
            return true
        }
        return due
    }

    /// The same time on a later day of work, `count` of them on: the end of that day's work where it ends before, its
    /// beginning where it begins after, the end of a break within one. What is found outside of the hours counts from the next
    /// beginning.
    package func due(days count: Int, after date: Double) -> Double {
        let plain = date + Double(max(0, count)) * 86_400
        guard !hours.isEmpty, count > 0 else { return plain }
        var begin: Double?
        walk(from: date) { span in
            begin = max(span.lowerBound, date)
            return false
        }
        guard let begin else { return plain }
        let first = day(of: begin)
        let ofDay = begin + offset(at: begin) - Double(first) * 86_400
        var left = count
        for day in (first + 1)..<(first + Self.mostDays) {
            let spans = spans(ofDay: day)
            guard let opens = spans.first?.lowerBound, let closes = spans.last?.upperBound else { continue }
            left -= 1
            guard left == 0 else { continue }
            let local = Double(day) * 86_400 + ofDay
            let wanted = min(max(local - offset(at: local), opens), closes)
            return spans.first { $0.upperBound >= wanted }.map { max($0.lowerBound, wanted) } ?? closes
        }
        return plain
    }

    /// Seconds of work between two dates.
    package func work(from start: Double, to end: Double) -> Double {
        guard !hours.isEmpty else { return max(0, end - start) }
        var sum = 0.0
        walk(from: start) { span in
            guard span.lowerBound < end else { return false }
            sum += max(0, min(span.upperBound, end) - max(span.lowerBound, start))
            return true
        }
        return sum
    }
}
