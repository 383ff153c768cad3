import Testing
import Threading

/// Waiting for what may never return.
struct FinishingTests {
    @Test func `what returns is waited for, and what does not is let go at its time or with the task`() async {
        // Nobody ever says anything, and nobody hears that it is cancelled.
        let (silence, voice) = AsyncStream<Void>.makeStream()
        let hang: @Sendable () async -> Void = { await Task { for await _ in silence {} }.value }
        #expect(await finishes {})
        #expect(await finishes(within: .seconds(3600)) {})
        #expect(await !finishes(within: .milliseconds(20), hang))
        let waiting = Task { await finishes(hang) }
        waiting.cancel()
        #expect(await !waiting.value)
        voice.finish()
    }
}
