import Delivery
import Logging
import ServiceLifecycle
import Threading

/// Runs the publisher; at the end it sends what it still can for a bounded time.
struct PublisherService: Service {
    /// How long a shutdown waits for the broker.
    ///
    /// A service manager's patience and the time of the cameras before it leave no more.
    static let drain = Duration.seconds(2)
    /// And for the disk, where what was acknowledged is marked: what is not goes out again after the start.
    private static let farewell = Duration.seconds(4)

    let publisher: Publisher
    let logger: Logger
    /// Those that are configured at the start; nil where others may be retained.
    var cameras: [CameraIdentity]?
    /// Bounds of the wait after a wrong set-up of the client.
    var backoff = Backoff(shortest: 5, longest: 300)

    func run() async throws {
        if let cameras { await publisher.serve(cameras) }
        await cancelWhenGracefulShutdown {
            var backoff = backoff
            while !Task.isCancelled {
                do { try await publisher.run() } catch {
                    // A file of certificates may be put right; the outbox keeps everything until then.
                    let seconds = backoff.next()
                    logger.error(
                        "the broker's client cannot be set up, alerts wait in the outbox",
                        metadata: ["reason": "\(error)", "again_in_seconds": "\(Int(seconds.rounded()))"])
                    try? await Task.sleep(for: .seconds(seconds))
                }
            }
        }
        await finishes(within: Self.farewell) { [publisher] in await publisher.drain(within: Self.drain) }
    }
}
