import Contract
import Domain
import Foundation
import Pipeline
import Synchronization
import Video

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
        /// See `CameraReport`.
        var fault: String?
        var warning: String?
        var preset: String?
        /// Width and height of its pictures as they are shown, in pixels; nil before the first one.
        var size: [Int]?
        /// Since when its state and fault are as they are; nil before the first report.
        var since: Date?
        /// Processors that it keeps busy, over the last minute; nil before two looks.
        var cores: Double?
        /// How well vehicles are seen in its zones, as last published.
        var sharpness: [CameraReport.Zone] = []
        /// The camera's clock minus ours, in seconds; nil where unknown.
        var clockOffset: Double?
        /// By how much its view has shifted, in shares of the picture; nil where it has not, or where that is not known.
        var viewOffset: Point?
        /// How long each zone was not seen as promised, in seconds since the start.
        var blind: [Blindness] = []
        /// How often incidents wished for pictures of the main stream, by what became of it; nil where they had them.
        var details: [DetailFault?: Int] = [:]
    }

    struct Blindness: Sendable, Equatable {
        let zone: String
        let seconds: Double
        /// It is not seen as promised at the moment.
        var isLate = false
    }

    private struct State {
        var reading = Reading()
        /// Times of the looks of the last minute, in seconds of uptime.
        var times: [Double] = []
        /// Processor seconds since the start, at each of them.
        var spent: [Double] = []
        /// Pictures that the looking task has finished, successfully or not.
        var turns = 0
        var zones: [(id: String, preset: String?, ledger: PromiseLedger)] = []
        var detailRemark: String?
    }

    private static let span = 60.0
    private let state = Mutex(State())
    private let start: Double
    private let uptime: @Sendable () -> Double

    /// - Parameters:
    ///   - zones: of which it is counted how long they were not seen as promised.
    ///   - pace: seconds between two looks where their rules need every look.
    init(
        zones: [WatchedZone] = [], pace: Double = 0, uptime: @escaping @Sendable () -> Double = Clocks.system.uptime
    ) {
        self.uptime = uptime
        let start = uptime()
        self.start = start
        state.withLock { state in
            state.zones = zones.map { zone in
                var ledger = PromiseLedger(promise: zone.promise(usually: pace), keyInterval: 0)
                // The first look has as much time as any other.
                ledger.looked(at: start)
                ledger.begin(at: start)
                return (zone.zone.id, zone.preset, ledger)
            }
        }
    }

    /// A look has shown the view on which its zones were drawn.
    ///
    /// - Parameters:
    ///   - preset: the one that the camera showed; nil where it has none.
    ///   - keyInterval: seconds between two key frames.
    func saw(preset: String?, keyInterval: Double) {
        let now = uptime()
        state.withLock { state in
            for index in state.zones.indices where state.zones[index].preset == preset {
                // What has been counted stays: it is a counter.
                state.zones[index].ledger.looked(at: now)
                state.zones[index].ledger.keyInterval = keyInterval
            }
        }
    }

    /// The looking task has finished a picture.
    func turned() { state.withLock { $0.turns += 1 } }

    var turns: Int { state.withLock { $0.turns } }

    /// - Parameter receiving: processor seconds of the camera's own thread since the start.
    func looked(_ costs: CameraPipeline.Costs, receiving: Double = 0) {
        let now = uptime()
        state.withLock { state in
            state.reading.looks = costs.looks
            state.reading.inferences = costs.inferences
            state.times.append(now)
            state.spent.append(receiving + costs.gate + costs.infer + costs.rest)
            let old = state.times.prefix { now - $0 > Self.span }.count
            state.times.removeFirst(old)
            state.spent.removeFirst(old)
        }
    }

    /// Its state was published.
    ///
    /// - Parameter date: now; a fault says itself since when.
    func changed(to report: CameraReport, at date: Date = Date()) {
        state.withLock { state in
            let isOther = state.reading.state != report.state.rawValue || state.reading.fault != report.fault
            if isOther { state.reading.since = report.since.flatMap { RFC3339.date(from: $0) } ?? date }
            (state.reading.state, state.reading.reason) = (report.state.rawValue, report.reason)
            (state.reading.fault, state.reading.warning) = (report.fault, report.warning)
            state.reading.preset = report.preset
            if let picture = report.picture {
                (state.reading.size, state.reading.sharpness) = (picture.shown, picture.zones ?? [])
            }
            if report.state == .offline { state.reading.clockOffset = nil }
        }
    }

    func told(viewOffset: Point?) { state.withLock { $0.reading.viewOffset = viewOffset } }

    func told(clockOffset: Double?) { state.withLock { $0.reading.clockOffset = clockOffset } }

    /// An incident has pictures of the main stream, or not: why.
    func detailed(_ fault: DetailFault?) { state.withLock { $0.reading.details[fault, default: 0] += 1 } }

    /// The main stream was compared with the watched one: what an operator should know.
    func detailed(remark: String?) { state.withLock { $0.detailRemark = remark } }

    /// Of the newest comparison.
    var detailRemarks: [String] { state.withLock { [$0.detailRemark].compactMap(\.self) } }

    var reading: Reading {
        let now = uptime()
        return state.withLock { state in
            var reading = state.reading
            reading.secondsSinceLook = state.times.last.map { now - $0 }
            let recent = state.times.count { now - $0 <= Self.span }
            reading.looksPerSecond = Double(recent) / max(1, min(Self.span, now - start))
            if let first = state.times.first, let last = state.times.last, last > first,
                let begin = state.spent.first, let end = state.spent.last
            {
                reading.cores = max(0, end - begin) / (last - first)
            }
            reading.blind = state.zones.map { zone in
                let seconds = zone.ledger.blind(until: now)
                return Blindness(zone: zone.id, seconds: seconds, isLate: seconds > zone.ledger.blind)
            }
            return reading
        }
    }
}
