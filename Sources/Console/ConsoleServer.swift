import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
public import ServiceLifecycle
import Threading

/// The console over HTTP: a page for browsers, an API, and events. The cameras are watched without it: where its port is
/// taken it tries again, and nothing that it meets ends the daemon.
public final class ConsoleServer: Service {
    /// Where it is, and who is believed.
    public struct Settings: Sendable, Hashable {
        /// IPv4 or IPv6, in digits.
        public var address: String
        /// 0 takes a free one.
        public var port: Int
        /// Names under which it may be asked for, besides those of the loopback and `address`; lower case.
        public var hosts: [String]
        /// Proxies whose word about the client is taken.
        public var trustedProxies: [String]

        public init(address: String, port: Int, hosts: [String] = [], trustedProxies: [String] = []) {
            self.address = address
            self.port = port
            self.hosts = hosts
            self.trustedProxies = trustedProxies
        }
    }

    /// Connections beyond this number wait; every open page holds one for its events.
    private let mostConnections: Int
    /// After so many seconds without a byte in or out a connection is closed; events tick more often.
    private static let longestSilence = 30

    private let settings: Settings
    private let gate: Gate
    private let limits: ConnectionDeadlines.Limits
    /// What is done before the first request, and what at the end, so that streams end.
    private let begin: @Sendable () -> Void
    private let end: @Sendable () -> Void
    private let logger: Logger
    private let isBound: @Sendable (_ port: Int) -> Void

    /// - Parameter isBound: told of the port once it listens.
    package convenience init(
        _ settings: Settings, _ parts: ConsoleParts, logger: Logger,
        isBound: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) {
        self.init(settings, parts, limits: .init(), logger: logger, isBound: isBound)
    }

    init(
        _ settings: Settings, _ parts: ConsoleParts, limits: ConnectionDeadlines.Limits, logger: Logger,
        isBound: @escaping @Sendable (_ port: Int) -> Void
    ) {
        self.limits = limits
        self.settings = settings
        mostConnections = 128
        self.logger = logger
        self.isBound = isBound
        let desk = ConsoleDesk(parts)
        let events = Broadcaster(desk)
        begin = { events.begin() }
        end = { events.end() }
        gate = Gate(settings, desk.access, routes: Routes.all(desk, parts, events), logger: logger)
    }

    /// A page of another kind behind the same gate.
    ///
    /// - Parameters:
    ///   - begin: is called before the first request.
    ///   - end: ends what does not end by itself.
    ///   - mostConnections: beyond which connections wait.
    package init(
        _ settings: Settings, _ access: AccessDesk, routes: [Route], mostConnections: Int,
        begin: @escaping @Sendable () -> Void,
        end: @escaping @Sendable () -> Void, logger: Logger,
        isBound: @escaping @Sendable (_ port: Int) -> Void = { _ in }
    ) {
        (self.begin, self.end, self.settings, self.logger, self.isBound) = (begin, end, settings, logger, isBound)
        limits = .init()
        self.mostConnections = mostConnections
        gate = Gate(settings, access, routes: routes, logger: logger)
    }

    public func run() async throws {
        begin()
        await withGracefulShutdownHandler {
            var backoff = Backoff(shortest: 1, longest: 60)
            var hasComplained = false
            while !Task.isCancelled, !Task.isShuttingDownGracefully {
                do {
                    try await application.run()
                    return
                } catch {
                    if !hasComplained {
                        logger.error(
                            "there is no console, it is tried again: check console.listen",
                            metadata: [
                                "address": "\(settings.address):\(settings.port)", "reason": "\(error)",
                            ])
                    }
                    hasComplained = true
                }
                let seconds = backoff.next()
                try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(seconds)) }
            }
        } onGracefulShutdown: {
            // Streams do not end by themselves, and the server waits for its connections.
            self.end()
        }
    }

    private var application: some ApplicationProtocol {
        let limits = limits
        // What a client does wrong is its own matter. The level of the daemon's log is shared by all its loggers: one of our own.
        let silent = Logger(label: "console") { _ in SwiftLogNoOpLogHandler() }
        return Application(
            responder: CallbackResponder<ConsoleContext> { [gate] in await gate.respond(to: $0, $1) },
            server: .http1(
                configuration: .init(
                    additionalChannelHandlers: [ConnectionDeadlines(limits)],
                    idleTimeout: .seconds(Int64(Self.longestSilence)),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 8192, maxHeaderListSize: 16_384, maxHeaderFieldCount: 64))),
            configuration: .init(
                address: .hostname(settings.address, port: settings.port),
                availableConnectionsDelegate: .maximum(mostConnections, logger: silent)),
            onServerRunning: { [isBound] in isBound($0.localAddress?.port ?? 0) }, logger: silent)
    }
}

/// A request's connection.
struct ConsoleContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// In digits; empty where it is not known.
    let peer: String

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        let address = source.channel.remoteAddress?.ipAddress ?? ""
        // As the configuration writes an IPv4 address, also where one socket takes both.
        peer = address.hasPrefix("::ffff:") && address.contains(".") ? String(address.dropFirst(7)) : address
    }
}
