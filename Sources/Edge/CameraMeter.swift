import Contract
import Dispatch
import Pipeline
import Synchronization

/// The live figures of one camera, available from any thread.
final class CameraMeter: Sendable {
    struct Reading: Sendable {
        var looks = 0
        var inferences = 0
        /// Nil before the first look.
        var secondsSinceLook: Double?
        /// Over the last minute, or since the start where that is shorter.
        var looksPerSecond = 0.0
        /// As last published; nil before that.
        var state: String?
        var reason: String?
        /// The camera's clock minus ours, in seconds; nil where unknown.
        var clockOffset: Double?
        /// How often incidents wished for pictures of the main stream, by what became of it; nil where they had them.
        var details: [DetailFault?: Int] = [:]
    }

    private struct State {
        var reading = Reading()
        /// Times of the looks of the last minute, in seconds of uptime.
        var times: [Double] = []
        /// Pictures that the looking task has finished, successfully or not.
        var turns = 0
        var detailRemark: String?
    }

    private static let span = 60.0
    private let state = Mutex(State())
    private let start = uptime()

    /// The looking task has finished a picture.
    func turned() { state.withLock { $0.turns += 1 } }

    var turns: Int { state.withLock { $0.turns } }

    func looked(_ costs: CameraPipeline.Costs) {
        let now = Self.uptime()
        state.withLock { state in
            state.reading.looks = costs.looks
            state.reading.inferences = costs.inferences
            state.times.append(now)
            let old = state.times.prefix { now - $0 > Self.span }.count
            state.times.removeFirst(old)
        }
    }

    func changed(to name: String, reason: String?) {
        state.withLock { state in
            (state.reading.state, state.reading.reason) = (name, reason)
            if name == CameraReport.State.offline.rawValue { state.reading.clockOffset = nil }
        }
    }

    func told(clockOffset: Double?) { state.withLock { $0.reading.clockOffset = clockOffset } }

    /// An incident has pictures of the main stream, or not: why.
    func detailed(_ fault: DetailFault?) { state.withLock { $0.reading.details[fault, default: 0] += 1 } }

    /// The main stream was compared with the watched one: what an operator should know.
    func detailed(remark: String?) { state.withLock { $0.detailRemark = remark } }

    /// Of the newest comparison.
    var detailRemarks: [String] { state.withLock { [$0.detailRemark].compactMap(\.self) } }

    var reading: Reading {
        let now = Self.uptime()
        return state.withLock { state in
            var reading = state.reading
            reading.secondsSinceLook = state.times.last.map { now - $0 }
            let recent = state.times.count { now - $0 <= Self.span }
            reading.looksPerSecond = Double(recent) / max(1, min(Self.span, now - start))
            return reading
        }
    }

    private static func uptime() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }
}
