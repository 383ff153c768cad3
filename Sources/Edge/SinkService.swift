import Delivery
import Logging
import ServiceLifecycle
import Store
import Threading

/// Runs the sinks beside the broker until the site stops. Unfinished messages are then sent again after the next start:
/// a stop does not wait for a receiver.
struct SinkService: Service {
    /// Their threads may be in a call to a disk that hangs.
    private static let farewell = Duration.seconds(1)
    /// A full disk is tried again.
    private static let storeWait = Duration.seconds(10)

    let runners: [SinkRunner]
    let outbox: Outbox
    let logger: Logger

    func run() async throws {
        let sending = Task { await send() }
        await cancelWhenGracefulShutdown { _ = await finishes { await sending.value } }
        sending.cancel()
        await finishes(within: Self.farewell) { await sending.value }
    }

    private func send() async {
        while !Task.isCancelled {
            do {
                try await onOwnThread(named: "sinks") { try outbox.serve(sinks: runners.map(\.name)) }
                break
            } catch {
                logger.error("the sinks wait for the disk", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: Self.storeWait)
            }
        }
        await withTaskGroup { group in
            for runner in runners { group.addTask { await runner.run() } }
            // A service that ends by itself would end the whole site.
            group.addTask { while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) } }
        }
    }
}
