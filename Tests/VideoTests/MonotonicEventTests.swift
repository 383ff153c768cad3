import TestSupport
import Testing
import Threading

@Suite(.waiting) struct MonotonicEventTests {
    @Test func `a signal ends the wait under way, or else the next one`() async throws {
        let (waiting, clock) = (MonotonicEvent(), ContinuousClock())
        waiting.signal()
        #expect(clock.measure { waiting.wait(seconds: 3600) } < .seconds(600))
        // Measured where it waits: a busy machine may start the thread late.
        async let passed = onOwnThread(named: "waits") { clock.measure { waiting.wait(seconds: 3600) } }
        waiting.signal()
        #expect(try await passed < .seconds(600))
    }

    @Test(arguments: [0.05, 0, -1, -Double.infinity, Double.nan]) func `a wait ends by itself`(seconds: Double) {
        let (waiting, clock) = (MonotonicEvent(), ContinuousClock())
        let passed = clock.measure { waiting.wait(seconds: seconds) }
        #expect(passed >= .seconds(seconds > 0 ? seconds : 0) && passed < .seconds(600))
    }
}
