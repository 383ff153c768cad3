import Contract
import Delivery
import ServiceLifecycle
import Threading

/// Publishes the site's state anew before the time that the last one named: a broker node that dies sends no will, and
/// `online` proves nothing after it.
struct SiteHeartbeat: Service {
    /// Shares of the period: sites that started together do not speak together for long.
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
