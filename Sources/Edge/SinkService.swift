import Delivery
import ServiceLifecycle
import Threading

/// Runs a sink until the site stops. What is under way then goes again after the next start: no stop waits for a receiver.
struct SinkService: Service {
    /// Its thread may be in a call to a disk that hangs.
    private static let farewell = Duration.seconds(2)

    let runner: SinkRunner

    func run() async throws {
        let sending = Task { await runner.run() }
        await cancelWhenGracefulShutdown { _ = await finishes { await sending.value } }
        sending.cancel()
        await finishes(within: Self.farewell) { await sending.value }
    }
}
