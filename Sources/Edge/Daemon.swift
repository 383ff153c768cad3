public import Logging
import Runtime
import ServiceLifecycle
import UnixSignals
import Video

/// Runs the services of a site until a signal.
public struct Daemon: Sendable {
    private let edge: EdgeServices
    private let logger: Logger

    /// Opens the outbox, reads the model, and restores what was open; throws where one of them cannot be had.
    ///
    /// - Parameters:
    ///   - read: reads the configuration again at SIGHUP and when a client asks for it, and throws where that changes what only a
    ///     restart takes over; nil leaves both alone.
    ///   - adopt: told of a configuration that is in use from now on, for what lies outside of the daemon.
    public init(
        _ settings: DaemonSettings, logger: Logger, rereading read: (@Sendable () throws -> DaemonSettings)? = nil,
        adopting adopt: @escaping @Sendable (DaemonSettings) -> Void = { _ in }
    ) throws {
        self.logger = logger
        LibavLog.redirect { line in logger.debug("libav", metadata: ["line": "\(line)"]) }
        edge = try EdgeServices(settings, logger: logger, rereading: read, adopting: adopt)
    }

    /// Runs until SIGTERM or SIGINT. Incidents that are open stay open.
    public func run() async throws {
        logger.notice("gridwarden starts")
        var services = edge.services
        // Caught before systemd hears that the service is ready.
        if let reload = edge.reload {
            services.append(reload(await UnixSignalsSequence(trapping: .sighup)))
            StartSignals.repeatHangup()
        }
        let group = ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) } + [
                    .init(service: edge.storeWatch, failureTerminationBehavior: .gracefullyShutdownGroup)
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        try await group.run()
        logger.notice("gridwarden has stopped")
    }
}
