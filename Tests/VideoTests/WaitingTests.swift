import Testing
import Threading

@Suite struct WaitingTests {
    @Test func aCallEndsTheWaitThatIsOrTheNext() async throws {
        let (waiting, clock) = (Waiting(), ContinuousClock())
        waiting.signal()
        #expect(clock.measure { waiting.wait(seconds: 60) } < .seconds(30))
        let start = clock.now
        async let done: Void = onOwnThread(named: "waits") { waiting.wait(seconds: 60) }
        waiting.signal()
        try await done
        #expect(clock.now - start < .seconds(30))
    }

    @Test(arguments: [0.05, 0, -1, -Double.infinity, Double.nan]) func itEndsByItself(seconds: Double) {
        let (waiting, clock) = (Waiting(), ContinuousClock())
        let passed = clock.measure { waiting.wait(seconds: seconds) }
        #expect(passed >= .seconds(seconds > 0 ? seconds : 0) && passed < .seconds(30))
    }
}
