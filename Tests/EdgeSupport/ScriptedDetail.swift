import Dispatch
import Edge
import Synchronization
package import Video

/// A main stream that does what a test says.
package final class ScriptedDetail: DetailSource {
    package struct Refused: Error, CustomStringConvertible {
        package let description = "the main stream is refused"
    }

    package enum Answer: Sendable {
        case picture(Frame)
        /// Once it is let go.
        case later(Frame)
        case fails
        /// Until it is stopped or let go, and then it fails.
        case hangs
    }

    private let answer: Answer
    private let end = DispatchSemaphore(value: 0)
    private let stopped = Atomic(false)

    package init(_ answer: Answer) { self.answer = answer }

    package var isStopped: Bool { stopped.load(ordering: .relaxed) }

    package func read(_ take: (Frame) -> Void) throws {
        switch answer {
        case .picture(let frame): take(frame)
        case .later(let frame):
            end.wait()
            if isStopped { throw Refused() }
            take(frame)
        case .fails: throw Refused()
        case .hangs:
            end.wait()
            throw Refused()
        }
    }

    package func stop() {
        stopped.store(true, ordering: .relaxed)
        letGo()
    }

    /// Ends a reading that hangs.
    package func letGo() { end.signal() }
}
