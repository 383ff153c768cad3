import Domain
import Foundation
import Testing

@testable import Contract

/// When a site counts as lost.
struct SiteWatchTests {
    private let now = Date(timeIntervalSince1970: 1_795_480_000)
    private let site: SiteIdentity
    private var watch = SiteWatch()

    init() throws { site = try Fixtures().site }

    private mutating func take(
        _ state: SiteReport.State, isRetained: Bool = false, said: Double = 0, at seconds: Double
    ) -> SiteWatch.Standing? {
        watch.take(
            SiteReport(site, state, at: now.addingTimeInterval(said)), isRetained: isRetained,
            at: now.addingTimeInterval(seconds))?.standing
    }

    private mutating func overdue(at seconds: Double) -> [SiteWatch.Standing] {
        watch.overdue(at: now.addingTimeInterval(seconds)).map(\.standing)
    }

    @Test func `states of the site and replies have the time zone of the site, and not the machine's`() throws {
        // None in which a machine is likely to be.
        var site = site
        site.timeZone = try #require(TimeZone(identifier: "Asia/Kathmandu"))
        let report = SiteReport(site, .online, at: now, connected: now)
        let dates = [report.at, report.connected, report.nextAt, Reply(.command, .done, site: site, at: now).at]
        #expect(dates.allSatisfy { $0?.hasSuffix("+05:45") == true }, "\(dates)")
    }

    @Test mutating func `a site that goes on reporting is online, one that stops is lost once`() {
        #expect(take(.online, at: 0) == .online)
        #expect(take(.online, said: 50, at: 50) == nil)
        #expect(overdue(at: 170) == [])
        #expect(overdue(at: 171) == [.lost])
        #expect(overdue(at: 500) == [])
        #expect(take(.online, said: 510, at: 510) == .online)
    }

    @Test mutating func `a clock that is wrong by a day makes nobody lost who speaks`() {
        #expect(take(.online, said: -86_400, at: 0) == .online)
        #expect(overdue(at: 119) == [])
        #expect(overdue(at: 121) == [.lost])
    }

    @Test mutating func `a retained report is as old as it says`() {
        #expect(take(.online, isRetained: true, said: -100, at: 0) == .online)
        #expect(overdue(at: 21) == [.lost])
        #expect(take(.online, isRetained: true, said: -300, at: 30) == nil)
        #expect(take(.offline, at: 40) == .offline)
        #expect(overdue(at: 4000) == [])
    }

    @Test mutating func `who went offline, or promised nothing, is not lost`() throws {
        let will = SiteReport(site, .offline, connected: now)
        #expect(watch.take(will, isRetained: true, at: now)?.standing == .offline)
        let old = try SiteReport(json: Data(#"{"site":"old","state":"online","software":"0.1.0"}"#.utf8))
        #expect(watch.take(old, isRetained: true, at: now)?.standing == .online)
        #expect(overdue(at: 1_000_000) == [])
    }
}
