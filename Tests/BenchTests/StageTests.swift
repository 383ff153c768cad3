import Analytics
import Foundation
import Inference
import Synchronization
import TestSupport
import Testing
import Video

@testable import Bench

/// Time that passes when somebody says so, in seconds.
private final class MadeClock: Sendable {
    private let times = Mutex((processor: 50.0, wall: 100.0))

    func pass(processor: Double, wall: Double) {
        times.withLock { $0 = ($0.processor + processor, $0.wall + wall) }
    }

    var clocks: StageClocks {
        StageClocks(
            processor: { [self] in times.withLock { $0.processor } }, wall: { [self] in times.withLock { $0.wall } })
    }
}

@Suite struct StageMeterTests {
    private let clock = MadeClock()

    /// Work that takes so many seconds of processor and wall, a reference likewise.
    private func stage(
        rhythm: Stage.Rhythm = .look, by: Stage.Clock = .processor, work: @escaping () -> (Double, Double),
        reference: (Double, Double) = (0.002, 0.002)
    ) -> Stage {
        Stage(
            "made", operation: "made work", reference: "made reference", rhythm: rhythm, clock: by,
            work: { [clock] in
                let (processor, wall) = work()
                clock.pass(processor: processor, wall: wall)
            }, refer: { [clock] in clock.pass(processor: reference.0, wall: reference.1) })
    }

    private func measure(_ stage: Stage, seconds: Double = 1) async throws -> StageResult {
        let result = try await StageMeter(seconds: seconds, clocks: clock.clocks).measure(stage)
        return try #require(result)
    }

    @Test func `median and 95 % are those of the clock, and the first time does not count`() async throws {
        var done = 0
        let work = stage {
            done += 1
            // The first one takes a second, the twenty that count one to twenty milliseconds.
            return done == 1 ? (1, 1) : (Double(done - 1) / 1000, Double(done - 1) / 500)
        }
        let meter = StageMeter(seconds: 1000, clocks: clock.clocks)
        let measured = try await meter.measure(work, isStopped: { done > 20 })
        let result = try #require(measured)
        #expect(result.runs == 20)
        #expect((result.processor.median, result.processor.p95) == (10, 19))
        #expect((result.wall?.median, result.wall?.p95) == (20, 38))
        #expect((result.reference.processor.median, result.reference.wall.p95) == (2, 2))
        let ratio = try #require(result.ratio)
        #expect((ratio.median, ratio.p5, ratio.p95) == (5, 0.5, 9.5))
        #expect(result.perCoreSecond == 100)
    }

    @Test func `the share of a core follows from the measured time and the pace of looks`() async throws {
        let look = try await measure(stage { (0.02, 0.05) })
        #expect(abs(look.share(look: 2) - 0.01) < 1e-9 && abs(look.share(look: 10) - 0.002) < 1e-9)
        let always = try await measure(stage(rhythm: .always(seconds: 4)) { (0.02, 0.05) })
        #expect(abs(always.share(look: 2) - 0.005) < 1e-9 && abs(always.share(look: 10) - 0.005) < 1e-9)
    }

    @Test func `what the work says of itself counts in place of the clock`() async throws {
        let work = Stage(
            "made", operation: "", reference: "", rhythm: .look,
            counted: { [clock] in
                clock.pass(processor: 1, wall: 1)
                return .init(processor: 0.003, wall: nil)
            }, refer: { [clock] in clock.pass(processor: 0.001, wall: 0.001) })
        let result = try await measure(work)
        #expect(result.processor.median == 3 && result.wall == nil && result.ratio?.median == 3)
    }

    @Test func `work that waits is compared by the clock on the wall`() async throws {
        let result = try await measure(stage(by: .wall, work: { (0.001, 0.008) }, reference: (0.0001, 0.004)))
        #expect(result.ratio?.median == 2 && result.ratio?.clock == .wall)
    }

    @Test func `work is repeated five times at least, and else for as long as was asked for`() async throws {
        let long = try await measure(stage { (3, 3) })
        // 21 ms a pair.
        let short = try await measure(stage { (0.01, 0.019) }, seconds: 1)
        #expect((long.runs, short.runs) == (5, 48))
    }

    @Test func `a reference that takes no time gives no ratio`() async throws {
        let result = try await measure(stage(work: { (0.01, 0.01) }, reference: (0, 0)))
        #expect(result.ratio == nil)
    }

    @Test func `stopped before anything was measured there is no result`() async throws {
        let meter = StageMeter(seconds: 1, clocks: clock.clocks)
        let result = try await meter.measure(stage { (1, 1) }, isStopped: { true })
        #expect(result == nil)
    }

    @Test(arguments: [(0.0, 0.0), (1234.56, 1235), (0.00123456, 0.001235), (-2.00004, -2), (.infinity, 0)])
    func `figures have four digits`(value: Double, figure: Double) { #expect(significant(value) == figure) }
}

@Suite struct StageReportTests {
    private static let machine = Machine(processor: "made", cores: 2, load: nil)

    private static func result(_ name: String, _ rhythm: Stage.Rhythm, seconds: Double) -> StageResult {
        let stage = Stage(
            name, operation: "o", reference: "r", rhythm: rhythm, work: {}, refer: {})
        let taken = Stage.Taken(processor: seconds, wall: rhythm == .aside ? nil : seconds)
        return StageResult(stage, [.init(work: taken, reference: .init(processor: 0.001, wall: 0.001))])
    }

    private static func report(isWhole: Bool = true) -> StageReport {
        StageReport(
            clip: "a.mp4", picture: "1920x1080", keyInterval: 2, bitrate: 4, model: "m", seconds: 3, machine: machine,
            stages: [
                result("receive", .always(seconds: 2), seconds: 0.004), result("decode", .look, seconds: 0.02),
                result("inference", .detection, seconds: 0.03), result("commit", .aside, seconds: 1),
            ], faults: [.init(stage: "scale", what: "none")], isWhole: isWhole)
    }

    @Test func `a camera is the sum of its stages, and has none where one is missing`() throws {
        let camera = try #require(Self.report().camera)
        #expect((camera.quiet.every2, camera.quiet.every10) == (0.012, 0.004))
        #expect((camera.detecting.every2, camera.detecting.every10) == (0.027, 0.007))
        #expect(Self.report().names(isDetecting: false) == ["receive", "decode"])
        #expect(Self.report().names(isDetecting: true) == ["inference"])
        #expect(Self.report(isWhole: false).camera == nil)
    }

    @Test func `the JSON has every stage under the published keys, with null where there is nothing`() throws {
        let data = try JSONEncoder().encode(Self.report(isWhole: false))
        let top = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(Array(top.keys) == ["stages"])
        let report = try #require(top["stages"] as? [String: Any])
        let keys: Set = [
            "clip", "picture", "key_interval_s", "mbit_per_s", "model", "seconds", "machine", "stages", "camera",
            "faults",
        ]
        #expect(Set(report.keys) == keys && report["camera"] is NSNull)
        let stages = try #require(report["stages"] as? [[String: Any]])
        #expect(stages.map { $0["stage"] as? String } == ["receive", "decode", "inference", "commit"])
        let ofStage: Set = [
            "stage", "operation", "runs", "cpu_ms", "wall_ms", "per_core_second", "reference", "ratio", "shares",
        ]
        for stage in stages { #expect(Set(stage.keys) == ofStage) }
        #expect(stages[3]["wall_ms"] is NSNull)
        #expect((stages[0]["ratio"] as? [String: Any])?.keys.sorted() == ["median", "of", "p5", "p95"])
        #expect((stages[1]["shares"] as? [String: Double]) == ["every_2s": 0.01, "every_10s": 0.002])
        #expect((stages[1]["reference"] as? [String: Any])?.keys.sorted() == ["cpu_ms", "wall_ms", "what"])
    }
}

/// Stages of a real clip through the product's parts.
@Suite(.enabled(if: Prepared.isReady, "needs 'make models' and ../shared/footage"), .heavy(minutes: 3))
struct StageBenchTests {
    private func bench(
        _ folder: TemporaryFolder, only: Set<String> = [], stream: (String) throws -> CameraURL? = { _ in nil }
    ) throws -> StageBench {
        let clip = try Footage.makeTestClip(in: folder, seconds: 4, size: (320, 180), gop: 5)
        return try StageBench(
            clip: try MemoryClip(path: clip), detector: try Prepared.uncachedDetector(),
            options: .init(seconds: 0, only: only, stream: try stream(clip)))
    }

    private static func commit(_ watch: WatchCheckpoint) -> Stage {
        Stage("commit", operation: "", reference: "", rhythm: .aside, work: { _ = try watch.data() }, refer: {})
    }

    @Test func `every stage is measured, and together they are a camera`() async throws {
        let folder = try TemporaryFolder()
        let bench = try bench(folder)
        let report = try #require(await bench.run(commit: Self.commit))
        #expect(report.faults.isEmpty, "\(report.faults)")
        let inputs = try Prepared.uncachedDetector().model.inputs.map { "inference-\($0.size)" }
        #expect(
            report.stages.map(\.stage) == ["receive", "decode", "decode-unfiltered", "small", "gate", "scale"] + inputs
                + ["boxes", "tracking", "commit"])
        #expect(report.stages.allSatisfy { $0.runs == 5 && $0.processor.median > 0 && $0.share(look: 2) > 0 })
        #expect(report.picture == "320x180" && abs(report.keyInterval - 0.5) < 0.01 && report.bitrate > 0)
        let camera = try #require(report.camera)
        #expect(camera.detecting.every2 > camera.quiet.every2 && camera.quiet.every2 > camera.quiet.every10)
    }

    @Test func `of single stages there is no camera, and one that fails is named beside the others`() async throws {
        struct Refused: Error, CustomStringConvertible { let description = "the disk is full" }
        let folder = try TemporaryFolder()
        let bench = try bench(folder, only: ["decode", "commit"])
        let report = try #require(await bench.run { _ in throw Refused() })
        #expect(report.stages.map(\.stage) == ["decode", "decode-unfiltered"] && report.camera == nil)
        #expect(report.faults.map(\.stage) == ["commit"] && report.faults[0].what == "the disk is full")
    }

    @Test func `over RTSP receiving is measured as well, and takes the place of memory`() async throws {
        let folder = try TemporaryFolder()
        var server: RTSPServer?
        defer { server?.stop() }
        let bench = try bench(folder, only: ["receive"]) { clip in
            let made = try RTSPServer(clip: clip)
            server = made
            return CameraURL(made.url)
        }
        let report = try #require(await bench.run(commit: Self.commit))
        #expect(report.faults.isEmpty, "\(report.faults)")
        #expect(report.stages.map(\.stage) == ["receive", "receive-rtsp"])
        #expect(report.names(isDetecting: false) == ["receive-rtsp"])
    }

    @Test func `stopped before anything was measured there is no report`() async throws {
        let folder = try TemporaryFolder()
        let report = try await bench(folder).run(commit: Self.commit, isStopped: { true })
        #expect(report == nil)
    }
}
