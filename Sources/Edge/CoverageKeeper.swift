import Console
import Contract
import Foundation
import Logging
import ServiceLifecycle
import Store
import Synchronization
import Threading
import Video

/// Keeps for the page of health, by quarter of an hour of the last day, how long each camera saw and how many messages
/// waited. Without a console it does not run.
///
/// It looks at figures that are there anyway, a few times a minute, and writes them together every few minutes; what a kill
/// loses is shown as not recorded.
final class CoverageKeeper: Service {
    /// A camera as it is now.
    struct Sample: Sendable {
        let camera: String
        /// As published; nil before the first report.
        let state: String?
        /// Seconds in which each of its zones was not seen as promised, since its start.
        let blind: [CameraMeter.Blindness]
    }

    private struct Key: Hashable {
        let camera: String
        let quarter: Int
    }

    private struct State {
        var coverage: [Key: CameraParts.Coverage] = [:]
        var backlog: [Int: CameraParts.Backlog] = [:]
        /// By the monotonic clock: the last look at the cameras, count of messages and write.
        var sampled: Double?
        var counted: Double?
        var written: Double?
        /// Of each camera and zone, see `Sample`.
        var blind: [String: [String: Double]] = [:]
        /// The disk has not answered yet.
        var isBusy = false
    }

    /// Seconds between two looks, two counts and two writes.
    private static let (pause, countEvery, writeEvery) = (10.0, 60.0, 300.0)
    /// A longer gap between two looks, as of a machine that slept, is not recorded.
    private static let longestGap = 60.0
    /// Quarters that are kept: those of a day, the current one, and some on either side for a clock that is set.
    private static let kept = 100
    private static let ahead = 4
    /// 2026: a date before it is that of a machine whose clock was never set.
    private static let earliest = 1_767_225_600.0
    /// How long a stop waits for the disk.
    private static let farewell = Duration.seconds(1)

    private let outbox: Outbox
    private let samples: @Sendable () -> [Sample]
    private let clocks: Clocks
    private let wait: @Sendable () async -> Void
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - samples: the configured cameras as they are.
    ///   - wait: until the next look.
    init(
        outbox: Outbox, samples: @escaping @Sendable () -> [Sample], clocks: Clocks = .system,
        wait: @escaping @Sendable () async -> Void = { try? await Task.sleep(for: .seconds(CoverageKeeper.pause)) },
        logger: Logger
    ) {
        (self.outbox, self.samples, self.clocks) = (outbox, samples, clocks)
        (self.wait, self.logger) = (wait, logger)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                self.sample()
                await self.keep()
                await self.wait()
            }
        }
        // What a stop waits for is none for a task that is cancelled.
        await Task { [self] in
            sample()
            await finishes(within: Self.farewell) { [self] in
                try? await onOwnThread(named: "coverage") { [self] in write() }
            }
        }.value
    }

    private static func quarter(_ seconds: Double) -> Int {
        Int((seconds / CameraParts.History.quarter).rounded(.down))
    }

    /// Looks at the cameras: the time since the last look belongs to what they are now.
    func sample() {
        let (date, now, found) = (clocks.now().timeIntervalSince1970, clocks.uptime(), samples())
        guard date >= Self.earliest else {
            // Once the clock is set, nothing of the time before it is recorded.
            state.withLock { $0.sampled = nil }
            return
        }
        let quarter = Self.quarter(date)
        state.withLock { state in
            let passed = state.sampled.map { now - $0 } ?? 0
            state.sampled = now
            let before = state.blind
            state.blind = Dictionary(
                found.map { sample in
                    (sample.camera, Dictionary(sample.blind.map { ($0.zone, $0.seconds) }) { first, _ in first })
                }
            ) { first, _ in first }
            guard passed > 0, passed <= Self.longestGap else { return }
            for sample in found {
                let amount = Self.amount(sample, since: before[sample.camera] ?? [:], passed)
                state.coverage[Key(camera: sample.camera, quarter: quarter), default: .init()] += amount
            }
            // While the disk takes nothing, a day is kept.
            state.coverage = state.coverage.filter { $0.key.quarter > quarter - Self.kept }
            state.backlog = state.backlog.filter { $0.key > quarter - Self.kept }
        }
    }

    /// A camera that turns sees where one of its zones is seen; looks that come late are no sight either.
    private static func amount(
        _ sample: Sample, since before: [String: Double], _ passed: Double
    ) -> CameraParts.Coverage {
        switch sample.state.flatMap({ CameraReport.State(rawValue: $0) }) {
        case nil, .offline: return .init(offline: passed)
        case .blind, .frozen, .moved: return .init(blind: passed)
        case .online:
            let blind =
                sample.blind.map { zone in
                    // Of a camera that was started anew it counts from 0.
                    let known = before[zone.zone] ?? zone.seconds
                    return zone.seconds - (zone.seconds < known ? 0 : known)
                }.min() ?? 0
            let unseen = min(passed, max(0, blind))
            return .init(saw: passed - unseen, blind: unseen)
        }
    }

    /// Counts what waits and writes what is due, where the disk is not busy with it already. A disk that hangs is not waited
    /// for.
    private func keep() async {
        let now = clocks.uptime()
        let (isCounting, isWriting) = state.withLock { state in
            guard !state.isBusy else { return (false, false) }
            let isCounting = state.counted.map { now - $0 >= Self.countEvery } ?? true
            let isWriting = state.written.map { now - $0 >= Self.writeEvery } ?? true
            if isCounting { state.counted = now }
            if isWriting { state.written = now }
            state.isBusy = isCounting || isWriting
            return (isCounting, isWriting)
        }
        guard isCounting || isWriting else { return }
        await finishes(within: Self.farewell) { [self] in
            defer { state.withLock { $0.isBusy = false } }
            try? await onOwnThread(named: "coverage") { [self] in
                if isCounting { count() }
                if isWriting { write() }
            }
        }
    }

    /// Blocks for the disk.
    func count() {
        let date = clocks.now().timeIntervalSince1970
        guard date >= Self.earliest, let waiting = try? outbox.undelivered() else { return }
        state.withLock { state in
            var backlog = state.backlog[Self.quarter(date)] ?? .init()
            backlog.most = max(backlog.most, waiting)
            if waiting > 0 { backlog.seconds += Self.countEvery }
            state.backlog[Self.quarter(date)] = backlog
        }
    }

    /// Blocks for the disk. What it does not take is tried again later.
    func write() {
        let date = clocks.now().timeIntervalSince1970
        guard date >= Self.earliest else { return }
        let current = Self.quarter(date)
        let (coverage, backlog) = state.withLock { state in
            defer { (state.coverage, state.backlog) = ([:], [:]) }
            return (state.coverage, state.backlog)
        }
        guard !coverage.isEmpty || !backlog.isEmpty else { return }
        do {
            try outbox.add(
                coverage.map { key, amount in
                    .init(
                        camera: key.camera, quarter: key.quarter, saw: amount.saw, blind: amount.blind,
                        offline: amount.offline)
                },
                backlog.map { .init(quarter: $0.key, most: $0.value.most, seconds: $0.value.seconds) },
                keeping: current - Self.kept...current + Self.ahead)
        } catch {
            logger.debug("could not write how long cameras saw, it is tried again", metadata: ["error": "\(error)"])
            state.withLock { state in
                for (key, amount) in coverage { state.coverage[key, default: .init()] += amount }
                for (quarter, amount) in backlog { Self.add(amount, to: &state.backlog[quarter, default: .init()]) }
            }
        }
    }

    private static func add(_ more: CameraParts.Backlog, to sum: inout CameraParts.Backlog) {
        sum.most = max(sum.most, more.most)
        sum.seconds += more.seconds
    }

    /// The last quarters, the current one included. Blocks, and throws where the store does not answer.
    func history(quarters count: Int) throws -> CameraParts.History {
        let date = clocks.now().timeIntervalSince1970
        let last = Self.quarter(date)
        let range = last - count + 1...last
        // What is written meanwhile is in neither, for a moment.
        let (coverage, backlog) = state.withLock { ($0.coverage, $0.backlog) }
        let stored = try outbox.coverage(range)
        var cameras: [String: [CameraParts.Coverage]] = [:]
        func add(_ amount: CameraParts.Coverage, _ camera: String, _ quarter: Int) {
            guard range.contains(quarter) else { return }
            cameras[camera, default: Array(repeating: .init(), count: count)][quarter - range.lowerBound] += amount
        }
        for row in stored.coverage {
            add(.init(saw: row.saw, blind: row.blind, offline: row.offline), row.camera, row.quarter)
        }
        for (key, amount) in coverage { add(amount, key.camera, key.quarter) }
        var waited = Array(repeating: CameraParts.Backlog(), count: count)
        for row in stored.backlog {
            Self.add(.init(most: row.most, seconds: row.seconds), to: &waited[row.quarter - range.lowerBound])
        }
        for (quarter, amount) in backlog where range.contains(quarter) {
            Self.add(amount, to: &waited[quarter - range.lowerBound])
        }
        let start = Double(range.lowerBound) * CameraParts.History.quarter
        return .init(
            start: start, elapsed: date - Double(last) * CameraParts.History.quarter, backlog: waited,
            coverage: cameras)
    }

    /// Seconds without sight of each camera since a moment of the last day. Blocks, as `history`.
    func blind(since midnight: Date) throws -> [String: Double] {
        let passed = clocks.now().timeIntervalSince(midnight)
        let quarters = max(1, Int((passed / CameraParts.History.quarter).rounded(.up)))
        return try history(quarters: min(quarters, Self.kept)).coverage.mapValues { quarters in
            quarters.reduce(0) { $0 + $1.blind + $1.offline }
        }
    }
}
