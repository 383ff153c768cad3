import Domain
import Foundation
import TestSupport
import Testing

@testable import Centre

@Suite struct WorkingCalendarTests {
    private static let zone = TimeZone(identifier: "Asia/Shanghai") ?? .gmt

    private func date(_ text: String) throws -> Double {
        try #require(try? Date(text, strategy: .iso8601)).timeIntervalSince1970
    }

    private func usual(
        holidays: Set<TimeWindows.Day> = [], workdays: Set<TimeWindows.Day> = []
    ) -> WorkingCalendar {
        WorkingCalendar(
            hours: [
                .init(weekdays: Set(1...5), start: 540, end: 720), .init(weekdays: Set(1...5), start: 810, end: 1050),
            ], holidays: holidays, workdays: workdays, timeZone: Self.zone)
    }

    @Test func `hours of work run over the break, the night and the weekend`() throws {
        let calendar = usual()
        // A Friday.
        #expect(
            calendar.due(3600, after: try date("2026-11-27T09:30:00+08:00")) == (try date("2026-11-27T10:30:00+08:00")))
        #expect(
            calendar.due(7200, after: try date("2026-11-27T11:30:00+08:00")) == (try date("2026-11-27T15:00:00+08:00")))
        #expect(
            calendar.due(7200, after: try date("2026-11-27T16:30:00+08:00")) == (try date("2026-11-30T10:00:00+08:00")))
        #expect(
            calendar.due(60, after: try date("2026-11-28T03:00:00+08:00")) == (try date("2026-11-30T09:01:00+08:00")))
    }

    @Test func `days of work are the same time on a later day`() throws {
        let calendar = usual()
        #expect(
            calendar.due(days: 1, after: try date("2026-11-26T10:12:00+08:00"))
                == (try date("2026-11-27T10:12:00+08:00")))
        #expect(
            calendar.due(days: 1, after: try date("2026-11-27T10:12:00+08:00"))
                == (try date("2026-11-30T10:12:00+08:00")))
        #expect(
            calendar.due(days: 3, after: try date("2026-11-27T17:30:00+08:00"))
                == (try date("2026-12-03T09:00:00+08:00")))
        #expect(
            calendar.due(days: 2, after: try date("2026-11-28T12:00:00+08:00"))
                == (try date("2026-12-02T09:00:00+08:00")))
    }

    @Test func `a holiday is passed over, and a Saturday that is worked counts`() throws {
        let calendar = usual(
            holidays: [.init(year: 2026, month: 10, day: 1), .init(year: 2026, month: 10, day: 2)],
            workdays: [.init(year: 2026, month: 10, day: 10)])
        #expect(
            calendar.due(3600, after: try date("2026-09-30T17:00:00+08:00")) == (try date("2026-10-05T09:30:00+08:00")))
        #expect(
            calendar.due(days: 1, after: try date("2026-10-09T10:00:00+08:00"))
                == (try date("2026-10-10T10:00:00+08:00")))
        #expect(
            calendar.due(days: 2, after: try date("2026-10-09T10:00:00+08:00"))
                == (try date("2026-10-12T10:00:00+08:00")))
    }

    @Test func `a shift past midnight is one span, in summer time and out of it`() throws {
        let berlin = try #require(TimeZone(identifier: "Europe/Berlin"))
        let calendar = WorkingCalendar(
            hours: [.init(weekdays: Set(1...7), start: 1320, end: 360)], timeZone: berlin)
        // The night in which the clock goes from two to three: from ten to six are seven hours.
        #expect(calendar.work(from: try date("2026-03-28T12:00:00Z"), to: try date("2026-03-29T12:00:00Z")) == 7 * 3600)
        #expect(calendar.work(from: try date("2026-10-24T12:00:00Z"), to: try date("2026-10-25T12:00:00Z")) == 9 * 3600)
        #expect(calendar.due(3600, after: try date("2026-06-01T21:30:00Z")) == (try date("2026-06-01T22:30:00Z")))
    }

    @Test func `without hours work never ends`() {
        let calendar = WorkingCalendar(hours: [], timeZone: Self.zone)
        #expect(calendar.due(100, after: 5) == 105 && calendar.due(days: 2, after: 5) == 172_805)
        let never = WorkingCalendar(hours: [.init(weekdays: [], start: 0, end: 60)], timeZone: Self.zone)
        #expect(never.due(100, after: 5) == 105)
    }

    @Test(.heavy) func `what is due lies in the hours of work, as far away as was allowed, and never earlier for more`()
    {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<40 {
            let windows = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                TimeWindows.Window(
                    weekdays: Set(
                        (1...7).filter { _ in Bool.random(using: &random) } + [Int.random(in: 1...7, using: &random)]),
                    start: Int.random(in: 0..<1440, using: &random), end: Int.random(in: 1...1440, using: &random))
            }
            let holidays = Set(
                (0..<20).map { _ in
                    TimeWindows.Day(
                        year: 2026, month: Int.random(in: 1...12, using: &random),
                        day: Int.random(in: 1...28, using: &random))
                })
            let calendar = WorkingCalendar(hours: windows, holidays: holidays, timeZone: Self.zone)
            let rule = TimeWindows(windows: windows, holidays: [], timeZone: Self.zone)
            for _ in 0..<50 {
                let start = Double.random(in: 1_767_200_000..<1_798_700_000, using: &random).rounded()
                let (one, two) = (
                    Double.random(in: 1...200_000, using: &random).rounded(),
                    Double.random(in: 1...200_000, using: &random).rounded()
                )
                let due = calendar.due(one, after: start)
                #expect(due >= start + one)
                // A moment before it somebody works, whatever day of rest came between.
                #expect(rule.contains(Date(timeIntervalSince1970: due - 0.5)))
                #expect(abs(calendar.work(from: start, to: due) - one) < 0.001)
                #expect(abs(calendar.due(one + two, after: start) - calendar.due(two, after: due)) < 0.001)
                let days = calendar.due(days: Int.random(in: 1...5, using: &random), after: start)
                #expect(days > start && days >= calendar.due(days: 1, after: start))
            }
        }
    }

    @Test(.heavy) func `a day of the calendar is that of the calendar`() {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let ours = WorkingCalendar(hours: [], timeZone: .gmt)
        // From 1583 on: before, Foundation's calendar is the Julian one, and RFC 3339 knows none but the Gregorian.
        for day in stride(from: -141_000, to: 200_000, by: 37) {
            let parts = calendar.dateComponents(
                [.year, .month, .day], from: Date(timeIntervalSince1970: Double(day) * 86_400))
            let date = ours.date(ofDay: day)
            #expect(date.year == parts.year && date.month == parts.month && date.day == parts.day)
            #expect(JSONReader.days(Int64(date.year), Int64(date.month), Int64(date.day)) == Int64(day))
        }
    }

    @Test func `limits are read as people write them`() {
        #expect(
            TimeLimit("10 min") == .plain(600) && TimeLimit("36 h") == .plain(129_600)
                && TimeLimit("2 d") == .plain(172_800))
        #expect(TimeLimit("2 wh") == .working(7200) && TimeLimit("1 wd") == .workingDays(1))
        for text in ["", "10", "10min", "-1 h", "0 h", "1.5 h", "1 w", "1  h", "1 h ", "99999 h"] {
            #expect(TimeLimit(text) == nil, "\(text)")
        }
    }
}
