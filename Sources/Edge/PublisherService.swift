import Delivery
import Domain
import Logging
import ServiceLifecycle
import Threading

/// Runs the publisher; at the end it sends as much as possible in a limited time.
struct PublisherService: Service {
    /// How long a shutdown waits for the broker.
    ///
    /// The service manager's timeout and the time of the cameras before it leave no more.
    static let drain = Duration.seconds(2)
    /// The same for the disk, where acknowledgements are recorded: messages without a record are sent again after the
    /// start.
    private static let farewell = Duration.seconds(4)
    /// A slow card answers within it.
    private static let answerTime = Duration.seconds(1.5)

    let publisher: Publisher
    let logger: Logger
    /// Nil where the configured cameras do not matter.
    var registry: CameraRegistry?
    /// Bounds of the delay after a faulty setup of the client.
    var backoff = Backoff(shortest: 5, longest: 300)

    func run() async throws {
        let sending = Task { [self] in await send() }
        await cancelWhenGracefulShutdown { _ = await finishes { await sending.value } }
        sending.cancel()
        // Its thread may be in a call to a disk that hangs. Then the broker publishes that the site is offline.
        guard await finishes(within: Self.answerTime, { await sending.value }) else {
            return logger.error("the disk does not answer, the broker is left without a farewell")
        }
        await finishes(within: Self.farewell) { [publisher] in await publisher.drain(within: Self.drain) }
    }

    private func send() async {
        // The first list before everything else: only topics of these cameras are subscribed.
        let first = registry?.configured
        if let first { await publisher.serve(first) }
        let following = Task { [publisher, registry] in
            guard let registry, var known = first else { return }
            for await cameras in registry.changes() where cameras != known {
                known = cameras
                await publisher.serve(cameras)
            }
        }
        defer { following.cancel() }
        var backoff = backoff
        while !Task.isCancelled {
            do { try await publisher.run() } catch {
                // A certificate file may be corrected; the outbox keeps everything until then.
                let seconds = backoff.next()
                logger.error(
                    "the broker's client cannot be set up, alerts wait in the outbox",
                    metadata: ["reason": "\(error)", "again_in_seconds": "\(Int(seconds.rounded()))"])
                await publisher.pause(for: .seconds(seconds))
            }
        }
    }
}
