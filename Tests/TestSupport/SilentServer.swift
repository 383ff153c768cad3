import Foundation
import Glibc
import Synchronization

/// A TCP server on a free port of the loopback that takes connections and never says a word.
public final class SilentServer: Sendable {
    private struct Peers {
        var count = 0
        var open: [Int32] = []
        var isStopped = false
    }

    /// What the accepting thread holds; it must not keep the server alive.
    private final class State: Sendable {
        let listener: Int32
        let peers = Mutex(Peers())

        init(listener: Int32) { self.listener = listener }
    }

    public let port: Int
    private let state: State

    public init() throws {
        let (listener, port) = try LoopbackListener.open()
        self.port = port
        let state = State(listener: listener)
        self.state = state
        Thread.detachNewThread { Self.accept(state) }
    }

    deinit { stop() }

    public var url: String { "rtsp://127.0.0.1:\(port)/stream" }

    /// How many connections were accepted so far.
    public var connectionCount: Int { state.peers.withLock(\.count) }

    /// What its callers have said, in bytes.
    public var heardBytes: Int {
        state.peers.withLock { peers in
            peers.open.reduce(0) { sum, peer in
                var count: Int32 = 0
                _ = ioctl(peer, UInt(FIONREAD), &count)
                return sum + Int(count)
            }
        }
    }

    /// Closes everything.
    public func stop() {
        let first = state.peers.withLock { peers in
            defer { peers.isStopped = true }
            return !peers.isStopped
        }
        if first { shutdown(state.listener, Int32(SHUT_RDWR)) }
    }

    private static func accept(_ state: State) {
        while true {
            let peer = Glibc.accept(state.listener, nil, nil)
            let isStopped = state.peers.withLock { peers in
                if peer >= 0 {
                    peers.count += 1
                    peers.open.append(peer)
                }
                return peers.isStopped
            }
            if isStopped || (peer < 0 && errno != EINTR && errno != ECONNABORTED) { break }
        }
        for peer in state.peers.withLock(\.open) { close(peer) }
        close(state.listener)
    }
}
