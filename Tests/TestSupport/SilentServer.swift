import Foundation
import Glibc
import Synchronization

/// A TCP server on a free port of the loopback that takes connections and never says a word.
public final class SilentServer: Sendable {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

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
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw Failed(description: "no socket: \(String(cString: strerror(errno)))") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listens = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard listens else {
            let cause = String(cString: strerror(errno))
            close(listener)
            throw Failed(description: "could not listen on the loopback: \(cause)")
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        let state = State(listener: listener)
        self.state = state
        Thread.detachNewThread { Self.accept(state) }
    }

    deinit { stop() }

    public var url: String { "rtsp://127.0.0.1:\(port)/stream" }

    /// How many connections were accepted so far.
    public var connectionCount: Int { state.peers.withLock(\.count) }

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
