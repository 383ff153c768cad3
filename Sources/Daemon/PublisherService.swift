import Delivery
import ServiceLifecycle

/// Runs the publisher; at the end it sends what it still can for a bounded time.
struct PublisherService: Service {
    /// How long a shutdown waits for the broker.
    static let drain = Duration.seconds(5)

    let publisher: Publisher

    func run() async throws {
        await cancelWhenGracefulShutdown {
            do { try await publisher.run() } catch {
                // Only a wrong set-up of the client throws: said once, the outbox keeps everything.
            }
        }
        await publisher.drain(within: Self.drain)
    }
}
