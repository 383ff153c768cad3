import Glibc

/// The clocks of a measurement, in seconds.
struct StageClocks: Sendable {
    var processor: @Sendable () -> Double
    var wall: @Sendable () -> Double

    /// User and system time of the whole process: the database and some networks have threads of their own.
    static let system = StageClocks(
        processor: { seconds(CLOCK_PROCESS_CPUTIME_ID) }, wall: { seconds(CLOCK_MONOTONIC) })

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Measures a stage: its work and its reference by turns, so that whatever slows the machine down slows both.
struct StageMeter {
    /// How long work and reference are repeated together.
    var seconds: Double
    var clocks = StageClocks.system

    /// Fewer say nothing, more say nothing new.
    static let least = 5
    static let most = 5000

    /// Nil where it was stopped before its first pair was complete.
    ///
    /// - Parameters:
    ///   - isStopped: asked before each pair: the result has those until then.
    ///   - progress: called before each pair with the completed share, 0…1.
    func measure(
        _ stage: Stage, isStopped: () -> Bool = { false }, progress: (Double) -> Void = { _ in }
    ) async throws -> StageResult? {
        guard !isStopped() else { return nil }
        // What is only made the first time (buffers, packed weights, statements) does not count.
        _ = try await stage.work()
        try stage.refer()
        let begin = clocks.wall()
        var pairs: [StageResult.Pair] = []
        while !isStopped() {
            let passed = clocks.wall() - begin
            guard pairs.count < Self.least || passed < seconds && pairs.count < Self.most else { break }
            progress(min(1, passed / max(seconds, 1e-3)))
            // Neither always comes after the other.
            if pairs.count.isMultiple(of: 2) {
                let work = try await taken(by: stage.work)
                pairs.append(.init(work: work, reference: try reference(of: stage)))
            } else {
                let reference = try reference(of: stage)
                pairs.append(.init(work: try await taken(by: stage.work), reference: reference))
            }
        }
        return pairs.isEmpty ? nil : StageResult(stage, pairs)
    }

    private func taken(by work: () async throws -> Stage.Taken?) async throws -> Stage.Taken {
        let (wall, processor) = (clocks.wall(), clocks.processor())
        let counted = try await work()
        let all = Stage.Taken(processor: clocks.processor() - processor, wall: clocks.wall() - wall)
        return counted ?? all
    }

    private func reference(of stage: Stage) throws -> Stage.Taken {
        let (wall, processor) = (clocks.wall(), clocks.processor())
        try stage.refer()
        return .init(processor: clocks.processor() - processor, wall: clocks.wall() - wall)
    }
}
