public import Logging
import Runtime
package import ServiceLifecycle
package import UnixSignals
import Video

/// Runs the services of a site until a signal.
public struct Daemon: Sendable {
    private let edge: EdgeServices
    private let logger: Logger

    /// Opens the outbox, loads the model, and restores open incidents; throws where one of them fails.
    ///
    /// - Parameters:
    ///   - read: reads the configuration again at SIGHUP and on a client's request, and throws where a change requires
    ///     a restart; nil disables both.
    ///   - adopt: called with a configuration that takes effect, for parts outside of the daemon.
    public init(
        _ settings: DaemonSettings, logger: Logger, rereading read: (@Sendable () throws -> DaemonSettings)? = nil,
        adopting adopt: @escaping @Sendable (DaemonSettings) -> Void = { _ in }
    ) throws {
        try self.init(settings, EdgeParts(), logger: logger, rereading: read, adopting: adopt)
    }

    /// - Parameter parts: the external parts of the site.
    package init(
        _ settings: DaemonSettings, _ parts: EdgeParts, logger: Logger,
        rereading read: (@Sendable () throws -> DaemonSettings)?,
        adopting adopt: @escaping @Sendable (DaemonSettings) -> Void = { _ in }
    ) throws {
        self.logger = logger
        LibavLog.redirect { line in logger.debug("libav", metadata: ["line": "\(line)"]) }
        HardwareDecoding.report { line in logger.notice("hardware decoding", metadata: ["line": "\(line)"]) }
        edge = try EdgeServices(settings, parts, logger: logger, rereading: read, adopting: adopt)
    }

    /// Runs until SIGTERM or SIGINT. Open incidents remain open.
    public func run() async throws {
        logger.notice("gridwarden starts")
        var hangups: UnixSignalsSequence?
        // Handled before systemd is told that the service is ready.
        if edge.reload != nil {
            hangups = await UnixSignalsSequence(trapping: .sighup)
            StartSignals.repeatHangup()
        }
        try await services(reloadingAt: hangups, stoppingAt: [.sigterm, .sigint]).run()
        logger.notice("gridwarden has stopped")
    }

    /// All services, to be started; their graceful shutdown ends the daemon.
    ///
    /// - Parameter hangups: signals at which the configuration is read again; nil disables that, for clients too.
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
