import Runtime
import ServiceLifecycle
import Threading

/// Answers `/status` and `/metrics` at the address that the configuration names, if any. A reload may move it, begin or end it.
final class MetricsListener: Service {
    private let make: @Sendable (LocalSocket) -> StatusServer
    /// The newest address that has not been taken over.
    private let wishes: AsyncStream<LocalSocket?>
    private let wish: AsyncStream<LocalSocket?>.Continuation

    init(_ socket: LocalSocket?, make: @escaping @Sendable (LocalSocket) -> StatusServer) {
        self.make = make
        (wishes, wish) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        wish.yield(socket)
    }

    /// From now on it listens there; nil: nowhere. Waits for nothing.
    func adopt(_ socket: LocalSocket?) { wish.yield(socket) }

    func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            var (place, server) = (LocalSocket?.none, Task<Void, Never>?.none)
            for await socket in wishes where socket != place {
                await Self.end(server)
                place = socket
                server = socket.map { socket in Task { [make] in try? await make(socket).run() } }
            }
            await Self.end(server)
        }
    }

    private static func end(_ server: Task<Void, Never>?) async {
        server?.cancel()
        await server?.value
    }
}

extension DaemonSettings {
    var metricsSocket: LocalSocket? { metrics.map { .tcp(address: $0.address, port: $0.port) } }
}
