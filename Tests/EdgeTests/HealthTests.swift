import Testing

@testable import Edge

/// What keeps the watchdog fed.
@Suite struct HealthTests {
    @Test func `pictures that come and are not looked at are a camera that is stuck, however many packets come`() {
        var looks: [String: Health.Progress] = [:]
        func stuck(_ turns: Int, _ pictures: Int, at now: Double) -> [String] {
            Health.stuck([("a", turns, pictures)], &looks, now: now)
        }
        #expect(stuck(0, 0, at: 0) == [])
        #expect(stuck(5, 6, at: 10) == [])
        #expect(stuck(5, 100, at: 69) == [])
        #expect(stuck(5, 110, at: 71) == ["a"])
        // One look, and it is well again.
        #expect(stuck(6, 120, at: 72) == [])
        #expect(stuck(6, 300, at: 133) == ["a"])
    }

    @Test func `a camera that sends nothing is not stuck, and one that has come anew begins anew`() {
        var looks: [String: Health.Progress] = [:]
        for now in stride(from: 0.0, through: 3600, by: 5) {
            #expect(Health.stuck([("a", 7, 8)], &looks, now: now) == [])
        }
        _ = Health.stuck([], &looks, now: 3601)
        #expect(looks.isEmpty)
        #expect(Health.stuck([("a", 0, 50)], &looks, now: 7200) == [])
    }
}
