import Analytics
import Foundation
import Testing

@Suite struct GeometryTests {
    private let square = Polygon([Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 1, y: 1), Point(x: 0, y: 1)])

    @Test func shareOfABoxInAPolygon() {
        let half = Polygon([Point(x: 0, y: 0), Point(x: 0.5, y: 0), Point(x: 0.5, y: 1), Point(x: 0, y: 1)])
        #expect(abs(half.share(of: Box(x: 0.25, y: 0.2, width: 0.5, height: 0.5)) - 0.5) < 1e-9)
        #expect(half.share(of: Box(x: 0.6, y: 0.2, width: 0.2, height: 0.2)) == 0)
        #expect(abs(square.share(of: Box(x: 0.1, y: 0.1, width: 0.3, height: 0.3)) - 1) < 1e-9)
        let triangle = Polygon([Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 0, y: 1)])
        #expect(abs(triangle.share(of: Box(x: 0, y: 0, width: 1, height: 1)) - 0.5) < 1e-9)
    }

    @Test func pointsInAConcavePolygon() {
        let arrow = Polygon([Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 0.5, y: 0.4), Point(x: 0, y: 1)])
        #expect(arrow.contains(Point(x: 0.2, y: 0.2)))
        #expect(!arrow.contains(Point(x: 0.9, y: 0.9)))
    }

    @Test func overlapIsSymmetricAndBounded() {
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
    func windowsFollowTheLocalDay(_ text: String, _ days: [Int], _ start: Int, _ end: Int, _ expected: Bool) throws {
        let date = try #require(try? Date(text, strategy: .iso8601))
        let zone = try #require(TimeZone(identifier: "Asia/Shanghai"))
        let windows = TimeWindows(windows: [.init(weekdays: Set(days), start: start, end: end)], timeZone: zone)
        #expect(windows.contains(date) == expected)
    }
}
