import Domain
import Foundation
import Testing

@Suite struct GeometryTests {
    private let square = Polygon([Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 1, y: 1), Point(x: 0, y: 1)])

    @Test func `the share of a box in a polygon is that of its area`() {
        let half = Polygon([Point(x: 0, y: 0), Point(x: 0.5, y: 0), Point(x: 0.5, y: 1), Point(x: 0, y: 1)])
        #expect(abs(half.share(of: Box(x: 0.25, y: 0.2, width: 0.5, height: 0.5)) - 0.5) < 1e-9)
        #expect(half.share(of: Box(x: 0.6, y: 0.2, width: 0.2, height: 0.2)) == 0)
        #expect(abs(square.share(of: Box(x: 0.1, y: 0.1, width: 0.3, height: 0.3)) - 1) < 1e-9)
        let triangle = Polygon([Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 0, y: 1)])
        #expect(abs(triangle.share(of: Box(x: 0, y: 0, width: 1, height: 1)) - 0.5) < 1e-9)
    }

    @Test func `a concave polygon holds the points within it and no others`() {
        let arrow = Polygon([Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 0.5, y: 0.4), Point(x: 0, y: 1)])
        #expect(arrow.contains(Point(x: 0.2, y: 0.2)))
        #expect(!arrow.contains(Point(x: 0.9, y: 0.9)))
    }

    @Test func `the overlap of two boxes is symmetric and bounded`() {
        let a = Box(x: 0.1, y: 0.1, width: 0.4, height: 0.2)
        let b = Box(x: 0.3, y: 0.15, width: 0.4, height: 0.2)
        #expect(a.iou(b) == b.iou(a))
        #expect(a.iou(a) == 1)
        #expect(a.iou(Box(x: 0.9, y: 0.9, width: 0.1, height: 0.1)) == 0)
    }

    @Test(arguments: [
        // Monday 2026-11-23 00:30 in Shanghai is Sunday 16:30 UTC.
        ("2026-11-22T16:30:00Z", [1], 0, 60, true), ("2026-11-22T16:30:00Z", [7], 0, 60, false),
        ("2026-11-22T16:30:00Z", [7], 1380, 60, true), ("2026-11-22T17:00:00Z", [7], 1380, 60, false),
        ("2026-11-22T15:00:00Z", [7], 1380, 60, true),
    ])
    func `time windows follow the local day`(_ text: String, _ days: [Int], _ start: Int, _ end: Int, _ expected: Bool)
        throws
    {
        let date = try #require(try? Date(text, strategy: .iso8601))
        let zone = try #require(TimeZone(identifier: "Asia/Shanghai"))
        let windows = TimeWindows(windows: [.init(weekdays: Set(days), start: start, end: end)], timeZone: zone)
        #expect(windows.contains(date) == expected)
    }

    private static let berlin = TimeZone(identifier: "Europe/Berlin") ?? .gmt

    @Test(arguments: [
        // On 2026-03-29 the hour from 02:00 to 03:00 is left out, on 2026-10-25 it comes twice.
        ("2026-03-29T00:59:59Z", 120, 180, false), ("2026-03-29T01:00:00Z", 120, 180, false),
        ("2026-03-29T00:59:59Z", 60, 240, true), ("2026-03-29T01:00:00Z", 60, 240, true),
        ("2026-03-29T02:00:00Z", 60, 240, false), ("2026-10-25T00:30:00Z", 120, 180, true),
        ("2026-10-25T01:30:00Z", 120, 180, true), ("2026-10-25T02:00:00Z", 120, 180, false),
        ("2026-10-24T23:30:00Z", 1320, 120, true), ("2026-10-25T01:00:00Z", 1320, 120, false),
    ])
    func `time windows follow the wall clock where it is changed`(
        _ text: String, _ start: Int, _ end: Int, _ expected: Bool
    ) throws {
        let date = try #require(try? Date(text, strategy: .iso8601))
        let windows = TimeWindows(windows: [.init(start: start, end: end)], timeZone: Self.berlin)
        #expect(windows.contains(date) == expected)
    }

    /// A dwell counts real seconds: an hour that comes twice is two, one that is left out is none.
    @Test(arguments: [("2026-10-25T02:59:00Z", 3), ("2026-03-29T01:59:00Z", 1), ("2026-06-01T01:59:00Z", 2)])
    func `the time that a window has held is counted in real hours`(_ text: String, _ hours: Int) throws {
        let date = try #require(try? Date(text, strategy: .iso8601))
        let windows = TimeWindows(windows: [.init(start: 120, end: 600)], timeZone: Self.berlin)
        let held = windows.held(since: date.addingTimeInterval(-86_400), until: date)
        #expect(abs(date.timeIntervalSince(held) - (Double(hours) * 3600 - 60)) < 60)
    }

    /// A window of the day before goes on past midnight; a holiday is a day of the calendar.
    @Test func `a rule rests on a holiday from midnight to midnight`() throws {
        let windows = TimeWindows(
            windows: [.init(start: 1320, end: 360)], holidays: [.init(year: 2026, month: 10, day: 1)],
            timeZone: TimeZone(identifier: "Asia/Shanghai") ?? .gmt)
        for (text, expected) in [
            ("2026-09-30T23:59:00+08:00", true), ("2026-10-01T00:00:00+08:00", false),
            ("2026-10-01T23:00:00+08:00", false), ("2026-10-02T00:00:00+08:00", true),
        ] {
            let date = try #require(try? Date(text, strategy: .iso8601))
            #expect(windows.contains(date) == expected, "\(text)")
        }
    }
}
