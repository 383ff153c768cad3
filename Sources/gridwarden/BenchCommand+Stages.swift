import ArgumentParser
import Bench
import Foundation
import Inference
import Video

/// `bench --stages`.
extension BenchCommand {
    func validateStages() throws {
        guard stages else {
            guard only.isEmpty else { throw ValidationError("--only goes with --stages") }
            guard disk == nil else { throw ValidationError("--disk goes with --stages") }
            return
        }
        guard clips.count == 1 else { throw ValidationError("--stages takes one clip, not \(clips.count)") }
        guard cameras == nil, hours == nil, annotate == nil, evidence == nil else {
            throw ValidationError("--stages goes without --cameras, --hours, --annotate and --evidence")
        }
        guard (0.01...3600).contains(seconds ?? 3) else {
            throw ValidationError("--seconds takes seconds from 0.01 to 3600 with --stages")
        }
        guard rtsp.count <= 1, rtsp.allSatisfy({ CameraURL($0).isStream }) else {
            throw ValidationError("--rtsp takes one address that begins with rtsp:// with --stages")
        }
        let names = StageBench.names
        if let unknown = only.first(where: { !names.contains($0) }) {
            throw ValidationError("--only names '\(unknown)'; it takes \(names.joined(separator: ", "))")
        }
    }

    func runStages(watch: Benchmark.Options) async throws {
        let clip: MemoryClip
        do { clip = try MemoryClip(path: clips[0]) } catch {
            Console.complain("\(error)")
            throw ExitCode.failure
        }
        let detector = try await models.detector()
        let bench: StageBench
        do {
            bench = try StageBench(
                clip: clip, detector: detector,
                options: .init(
                    seconds: seconds ?? StageBench.Options.usualSeconds, only: Set(only),
                    stream: rtsp.first.map { CameraURL($0) }, watch: watch))
        } catch {
            Console.complain("\(error)")
            throw ExitCode.failure
        }
        let folder = disk ?? FileManager.default.currentDirectoryPath
        Interruption.watch()
        let bar = PhaseBar()
        let report = await bench.run { watch in
            try CommitWork.stage(in: folder, watch: watch, model: detector.model)
        } isStopped: {
            Interruption.hasCome
        } progress: { stage, share in
            bar.show(stage, share)
        }
        bar.clear()
        guard let report else {
            Console.complain("it was stopped before anything was measured")
            throw ExitCode(130)
        }
        for fault in report.faults { Console.complain("\(fault.stage): \(fault.what)") }
        try write(report, table: StageTable.text(report))
        if !report.faults.isEmpty { throw ExitCode.failure }
    }
}

/// The stages' report for people.
enum StageTable {
    static func text(_ report: StageReport) -> String {
        let head = [
            "stage", "runs", "cpu", "cpu95", "wall", "wall95", "/core/s", "in2s", "in10s", "reference", "ratio", "5%",
            "95%",
        ]
        let rows = report.stages.map { stage in
            let reference = stage.ratio?.clock == .wall ? stage.reference.wall : stage.reference.processor
            return [
                stage.stage, "\(stage.runs)", time(stage.processor.median), time(stage.processor.p95),
                time(stage.wall?.median), time(stage.wall?.p95), number(stage.perCoreSecond, 0),
                number(stage.share(look: 2), 5), number(stage.share(look: 10), 5), time(reference.median),
                ratio(stage.ratio?.median), ratio(stage.ratio?.p5), ratio(stage.ratio?.p95),
            ]
        }
        let load = report.machine.load.map { ", load \(number($0, 2)) before" } ?? ""
        let notes = [
            "\(report.clip): \(report.picture), \(number(report.bitrate, 2)) Mb/s, a key frame in "
                + "\(number(report.keyInterval, 2)) s; \(report.model); \(report.machine.processor), "
                + "\(report.machine.cores) processors\(load)",
            "cpu, wall: milliseconds of one operation, processor and clock, median and 95 %; /core/s: operations for which one "
                + "core has time in a second;",
            "in2s, in10s: share of one core that it takes of a camera with one look in 2 s and in 10 s; reference: its "
                + "milliseconds; ratio: to the reference",
        ]
        let stages = report.stages.map { stage in
            let clock = stage.ratio?.clock == .wall ? ", by the clock" : ""
            return "  \(stage.stage): \(stage.operation); against \(stage.reference.what)\(clock)"
        }
        return (TextTable.lines(head, rows) + notes + stages + camera(report)).joined(separator: "\n")
    }

    private static func camera(_ report: StageReport) -> [String] {
        guard let camera = report.camera else { return [] }
        func line(_ shares: LookShares) -> String {
            "\(number(shares.every2, 4)) of a core at one look in 2 s, \(number(shares.every10, 4)) in 10 s"
        }
        let quiet = report.names(isDetecting: false).joined(separator: " + ")
        let more = report.names(isDetecting: true).joined(separator: " + ")
        return [
            "one camera without detections (\(quiet)): \(line(camera.quiet))",
            "with one at each look (+ \(more)): \(line(camera.detecting))",
        ]
    }

    /// Milliseconds, from those of a scale to those of a network.
    private static func time(_ value: Double?) -> String {
        value.map { number($0, $0 < 1 ? 4 : $0 < 100 ? 2 : 1) } ?? "-"
    }

    private static func ratio(_ value: Double?) -> String { value.map { number($0, $0 < 10 ? 3 : 1) } ?? "-" }

    private static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
