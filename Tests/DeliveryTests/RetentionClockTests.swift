import Contract
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Store

struct RetentionClockTests {
    private static let day = 86_400.0
    private static let today = 1_795_480_205.0

    private func clocks(_ date: Double, _ sinceBoot: Double, boot: String = "a") -> HostClocks {
        HostClocks(date: date, boot: boot, sinceBoot: sinceBoot)
    }

    @Test func `a steady date is believed after a day, and over restarts of the machine`() {
        var clock = RetentionClock(clocks(Self.today, 50))
        for hour in 1..<24 {
            #expect(clock.advance(to: clocks(Self.today + Double(hour) * 3600, 50 + Double(hour) * 3600)) == nil)
        }
        #expect(clock.advance(to: clocks(Self.today + Self.day, 50 + Self.day)) != nil)
        // Off for the night.
        #expect(clock.advance(to: clocks(Self.today + 1.4 * Self.day, 60, boot: "b")) != nil)
        // Set by a quarter of an hour.
        #expect(clock.advance(to: clocks(Self.today + 1.4 * Self.day + 4500, 3660, boot: "b")) != nil)
    }

    @Test(arguments: [-20_000, 400, -2, 40] as [Double])
    func `a step of days is doubted for a day of running, and then believed`(days: Double) {
        var clock = RetentionClock(clocks(Self.today, 0))
        #expect(clock.advance(to: clocks(Self.today + Self.day, Self.day)) != nil)
        let start = Self.today + Self.day + days * Self.day
        #expect(clock.advance(to: clocks(start + 3600, Self.day + 3600)) == nil)
        #expect(clock.advance(to: clocks(start + Self.day, 2 * Self.day)) == nil)
        let later = clock.advance(to: clocks(start + Self.day + 3600, 2 * Self.day + 3600))
        // 1970 never is.
        #expect((later != nil) == (days > -1000))
    }

    @Test func `a glitch that is put right within a day is never believed`() {
        var clock = RetentionClock(clocks(Self.today, 0))
        #expect(clock.advance(to: clocks(Self.today + Self.day, Self.day)) != nil)
        for hour in 1...100 {
            let ran = Self.day + Double(hour) * 3600
            let isWrong = hour > 2 && hour <= 20
            if let date = clock.advance(to: clocks(Self.today + ran + (isWrong ? 300 * Self.day : 0), ran)) {
                #expect(abs(date.timeIntervalSince1970 - Self.today - ran) < 1)
            }
        }
    }

    @Test func `a machine that is always switched off in doubt is believed at last`() {
        var clock = RetentionClock(clocks(Self.today, 0))
        var date = Self.today
        var isBelieved = false
        for week in 0..<40 where !isBelieved {
            // Days off, then ten hours on.
            date += 4 * Self.day
            isBelieved = clock.advance(to: clocks(date, 36_000, boot: "\(week)")) != nil
        }
        #expect(isBelieved)
    }

    @Test func `days that cannot be right count from when they were found`() throws {
        var clock = RetentionClock(clocks(Self.today, 0))
        let now = Date(timeIntervalSince1970: Self.today)
        clock.note(days: ["1970-01-01", "2026-11-23", "2026-11-24", "2036-01-01"], at: now)
        #expect(clock.arrivals == ["1970-01-01": now, "2036-01-01": now])
        let later = now.addingTimeInterval(86_400)
        clock.note(days: ["2026-11-23", "2036-01-01"], at: later)
        #expect(clock.arrivals == ["2036-01-01": now])
        #expect(try JSONDecoder().decode(RetentionClock.self, from: JSONEncoder().encode(clock)) == clock)
    }

    @Test func `impossible dates in the outbox age from now on, and the audit log by its neighbours`() throws {
        let folder = try TemporaryFolder()
        let fixtures = try Fixtures()
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        let now = Date(timeIntervalSince1970: Self.today)
        let old = now.addingTimeInterval(-40 * Self.day)
        let dates = [Date(timeIntervalSince1970: 100), now.addingTimeInterval(400 * Self.day), old]
        for date in dates {
            let message = try fixtures.append(fixtures.closed(fixtures.incident()), to: outbox)
            try outbox.markDelivered([message.sequence: date])
            try outbox.audit(.configurationLoaded, at: date)
        }
        try outbox.redate(at: now)
        let month = now.addingTimeInterval(-30 * Self.day)
        #expect(try outbox.prune(deliveredBefore: month) == 1)
        #expect(try outbox.pending(limit: 9) == [] && outbox.gapReport().missing == [3...3])
        #expect(try outbox.prune(deliveredBefore: now.addingTimeInterval(1)) == 2)
        // All three were written before the old one's date.
        #expect(try outbox.pruneAudit(before: month, now: now) == 3)
        try outbox.audit(.configurationLoaded, at: Date(timeIntervalSince1970: 100))
        #expect(try outbox.pruneAudit(before: month, now: now) == 0)
        try outbox.audit(.configurationLoaded, at: now)
        #expect(try outbox.pruneAudit(before: month, now: now) == 0)
        #expect(try outbox.pruneAudit(before: now.addingTimeInterval(1), now: now) == 2)
    }

    @Test func `a log beyond its limit loses its oldest entries, and its chain holds`() throws {
        let folder = try TemporaryFolder()
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        for number in 0..<20 {
            let date = Date(timeIntervalSince1970: Self.today + Double(number))
            try outbox.audit(.commandAccepted, facts: ["number": "\(number)"], at: date)
            try outbox.pool.write {
                try Outbox.remember(.command, "c-\(number)", "", "", isAnswered: number != 3, at: date, $0)
            }
        }
        #expect(try outbox.limit(auditEntries: 5, requests: 4) == 15)
        #expect(try outbox.auditEntries().map(\.number) == Array(16...20))
        #expect(try outbox.verifyAudit() == 5)
        let ids = try outbox.pool.read { try String.fetchSet($0, sql: "SELECT id FROM requests") }
        #expect(ids == ["c-3", "c-16", "c-17", "c-18", "c-19"])
        #expect(try outbox.limit(auditEntries: 5, requests: 4) == 0)
        #expect(try outbox.verifyAudit() == 5)
    }
}
