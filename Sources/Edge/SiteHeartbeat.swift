import Contract
import Delivery
import ServiceLifecycle
import Threading

/// Publishes the site's state again before the time announced in the last report: a broker node that dies publishes no
/// will, and `online` proves nothing after that time.
struct SiteHeartbeat: Service {
    /// Shares of the period, randomised so that sites that started together do not report together for long.
    static let waits = 0.7..<0.9

    let publisher: Publisher
    var pause: @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while true {
                await pause(.seconds(SiteReport.period * Double.random(in: Self.waits)))
                guard !Task.isCancelled else { return }
                // On a disk that hangs it may not end: a stop does not wait for it.
                await finishes { [publisher] in await publisher.refreshSite() }
            }
        }
    }
}
