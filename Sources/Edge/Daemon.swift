public import Logging
import Runtime
package import ServiceLifecycle
package import UnixSignals
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
        try self.init(settings, EdgeParts(), logger: logger, rereading: read, adopting: adopt)
    }

    /// - Parameter parts: what the site has from outside.
    package init(
        _ settings: DaemonSettings, _ parts: EdgeParts, logger: Logger,
        rereading read: (@Sendable () throws -> DaemonSettings)?,
        adopting adopt: @escaping @Sendable (DaemonSettings) -> Void = { _ in }
    ) throws {
        self.logger = logger
        LibavLog.redirect { line in logger.debug("libav", metadata: ["line": "\(line)"]) }
        edge = try EdgeServices(settings, parts, logger: logger, rereading: read, adopting: adopt)
    }

    /// Runs until SIGTERM or SIGINT. Incidents that are open stay open.
    public func run() async throws {
        logger.notice("gridwarden starts")
        var hangups: UnixSignalsSequence?
        // Caught before systemd hears that the service is ready.
        if edge.reload != nil {
            hangups = await UnixSignalsSequence(trapping: .sighup)
            StartSignals.repeatHangup()
        }
        try await services(reloadingAt: hangups, stoppingAt: [.sigterm, .sigint]).run()
        logger.notice("gridwarden has stopped")
    }

    /// All that runs, to be started; its graceful shutdown is the end of the daemon.
    ///
    /// - Parameter hangups: at which the configuration is read again; nil: at none, and for no client.
    package func services(reloadingAt hangups: UnixSignalsSequence?, stoppingAt signals: [UnixSignal]) -> ServiceGroup {
        var services = edge.services
        if let hangups, let reload = edge.reload { services.append(reload(hangups)) }
        return ServiceGroup(
            configuration: .init(
                services: services.map { .init(service: $0) } + [
                    .init(service: edge.storeWatch, failureTerminationBehavior: .gracefullyShutdownGroup)
                ],
                gracefulShutdownSignals: signals,
                logger: logger))
    }
}
