import Domain
import Testing

@testable import Pipeline

@Suite struct SlowBurstBudgetTests {
    /// The share of `seconds` for which it was on.
    private func share(of seconds: Double, wanted: (Double) -> Bool) -> Double {
        var watch = SlowBurstBudget()
        var on = 0.0
        for time in stride(from: 0.0, to: seconds, by: 2) {
            watch.decide(wanted(time), at: MediaTime(time))
            if watch.isOn { on += 2 }
        }
        return on / seconds
    }

    @Test func `a slow burst is on while it is wanted`() {
        #expect(share(of: 100) { 20..<50 ~= $0 } == 0.3)
        #expect(share(of: 100) { _ in false } == 0)
    }

    @Test func `a place that always looks like smoke costs a bounded share`() {
        #expect((0.1...0.25).contains(share(of: 86_400) { _ in true }))
    }

    @Test func `a slow burst is on again after a rest`() {
        var watch = SlowBurstBudget()
        for time in stride(from: 0.0, through: 70, by: 2) { watch.decide(true, at: MediaTime(time)) }
        #expect(!watch.isOn)
        watch.decide(false, at: MediaTime(400))
        watch.decide(true, at: MediaTime(402))
        #expect(watch.isOn)
    }
}
