import NIOCore
import Synchronization

/// One open stream of events. Whoever reads too slowly is cut off and comes back with the id of what it had.
package final class EventStream: Sendable {
    /// Bytes that wait for one reader.
    private static let mostBytes = 262_144

    let events: AsyncStream<ByteBuffer>
    private let continuation: AsyncStream<ByteBuffer>.Continuation
    private let waiting = Mutex(0)

    package init() { (events, continuation) = AsyncStream.makeStream() }

    /// False where it has ended, or ends with this.
    @discardableResult
    func send(_ bytes: ByteBuffer) -> Bool {
        let isSlow = waiting.withLock { waiting in
            waiting += bytes.readableBytes
            return waiting > Self.mostBytes
        }
        guard !isSlow, case .enqueued = continuation.yield(bytes) else {
            end()
            return false
        }
        return true
    }

    func taken(_ bytes: ByteBuffer) { waiting.withLock { $0 -= bytes.readableBytes } }

    /// A text event; false where the stream has ended, or ends with this.
    ///
    /// - Parameter data: one line.
    @discardableResult
    package func send(_ name: String, id: EventID? = nil, _ data: String) -> Bool {
        let id = id.map { "id: \($0.text)\n" } ?? ""
        return send(ByteBuffer(string: "\(id)event: \(name)\ndata: \(data)\n\n"))
    }

    package func end() { continuation.finish() }
}
