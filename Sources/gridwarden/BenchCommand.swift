import Analytics
import ArgumentParser
import Bench
import Domain
import Foundation
import Inference
import Video

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Runs recorded footage through the daemon's pipeline and scores its alerts.",
        discussion: """
            Without --truth, <clip>.truth.json beside the clip gives zones, rules and the events to find. A clip without \
            truth is watched as a whole. The same input gives the same alerts, byte for byte. The report comes at the \
            end; on a terminal a bar shows how far a clip is. Exit code 1 where a clip could not be opened or looked at \
            to its end; what was found before that is reported.

            With --hours clips in which nothing happens go round for so many hours of media time, all together, under \
            light, weather, exposure, noise and compression that follow from the seed, and the false alerts on a camera \
            in a day are counted by kind, with their 95 % interval.

            With --cameras so many paced cameras play the clips from memory, round and round, in real time, each with the \
            daemon's camera and pipeline and all with one detector: what they cost, and whether every look that was \
            promised was made. See docs/performance.md. Ctrl-C ends it with what was measured until then.

            With --stages each stage of what a camera costs is measured by itself on one clip, by turns with a reference: \
            receiving, decoding a key frame, the small picture, the gate, the network's input, the network at each of its \
            inputs, its boxes, tracking and rules, the transaction that writes a look. Take a recording of a fixed camera \
            as the camera sends it, in its own size, bitrate and distance of key frames. Looks are written to a folder \
            below --disk, which is deleted again.
            """)

    @Argument(help: "The clips; one of them with --stages.") var clips: [String] = []
    @Option(help: "Truth file, in place of the one beside the clip; with one clip only.") var truth: String?
    @Option(
        help:
            "Seconds that a vehicle, a stall or garbage may stay; 30 without it, 300 with --cameras. Smoke has its own: 10 s."
    )
    var dwell: Double?
    @Option(help: "Seconds for one kind, e.g. env.burning=20 (may be given again).") var dwellOf: [String] = []
    @Option(
        help:
            "Watch only this kind (may be given again); all that the truth file's zones name without it, parking without a truth file."
    )
    var kind: [String] = []
    @Option(
        name: .customLong("cadence"),
        help: "What is looked at: 'keyframe' as the daemon does (2 to 3 s apart), or one picture in so many seconds.")
    var sampling = "keyframe"
    @Option(help: "The shape in which the clips are shown, e.g. 16:9; what they say themselves without it.")
    var aspect: String?
    @Option(help: "Write the report as JSON to this file too; '-': to standard output, in place of the table.")
    var json: String?
    @Option(help: "Write an annotated video of the clip; with one clip only.") var annotate: String?
    @Option(help: "Write the masked evidence of all alerts to this folder.") var evidence: String?
    @Option(help: "Count false alerts over so many hours of media time, the clips varied by day and weather.")
    var hours: Double?
    @Option(help: "With --hours: what light and weather follow from.") var seed: UInt64 = 1
    @Option(help: "Run so many paced cameras, the clips taken in turn: 1 to 2000.") var cameras: Int?
    @Option(
        help:
            "With --cameras: seconds that are measured, after all cameras have learnt their views; 60 without it. With --stages: for each of them; 3 without it."
    )
    var seconds: Double?
    @Flag(help: "With --cameras: find the largest number that keeps every promise, from that number on.")
    var findLimit = false
    @Option(
        help:
            "With --cameras: the address at which an RTSP server plays the clip, in place of memory; one for each clip, in their order, or the word memory. With --stages: where receiving is measured too."
    )
    var rtsp: [String] = []
    @Option(help: "With --cameras: what decodes key frames: software (without it), auto, vaapi or v4l2m2m.")
    var decode: String?
    @Option(help: "With --cameras: write the report as a page with plots to this file too.") var html: String?
    @Flag(help: "Measure each stage of what a camera costs, on one clip.") var stages = false
    @Option(
        help:
            "With --stages: only this one (may be given again): receive, decode, small, gate, scale, inference, boxes, tracking, commit."
    )
    var only: [String] = []
    @Option(
        help: "With --stages: a folder on the disk that the state is to be on; the working directory without it.")
    var disk: String?
    @Flag(inversion: .prefixedNo, help: "Look at zones in which vehicles are small in parts too.") var tiles = true
    @OptionGroup var models: ModelOptions

    func validate() throws {
        guard !clips.isEmpty else {
            throw ValidationError(
                stages
                    ? "--stages needs a clip: a recording of a fixed camera as it sends it, in MP4 or another container; the "
                        + "larger its pictures, the more they cost"
                    : "name the clips to run: recorded footage of fixed cameras, in MP4 or another container")
        }
        guard (1...86_400).contains(dwell ?? 30) else { throw ValidationError("--dwell takes seconds from 1 to 86400") }
        guard clips.count == 1 || (truth == nil && annotate == nil) else {
            throw ValidationError("--truth and --annotate are for one clip; give one, or leave them out")
        }
        guard aspect == nil || parsedAspect != nil else {
            throw ValidationError("--aspect takes the width by the height of the picture, e.g. 16:9")
        }
        // An option that takes the next clip as its value must not overwrite it.
        guard json.map({ $0 == "-" || $0.hasSuffix(".json") }) ?? true else {
            throw ValidationError("--json takes '-' or a name that ends in .json, not '\(json ?? "")'")
        }
        if let annotate, FileManager.default.fileExists(atPath: annotate) {
            throw ValidationError("--annotate: \(annotate) is there already; delete it or give another name")
        }
        if let hours {
            guard hours >= 0.01, hours <= 10_000 else {
                throw ValidationError("--hours takes hours from 0.01 to 10000")
            }
            guard truth == nil, annotate == nil, evidence == nil, sampling == "keyframe" else {
                throw ValidationError("--hours goes without --truth, --annotate, --evidence and --cadence")
            }
        }
        try validateLive()
        try validateStages()
        _ = try parsedSampling()
        _ = try dwells()
        _ = try kinds()
    }

    private func kinds() throws -> Set<AlertKind>? {
        kind.isEmpty ? nil : Set(try kind.map { try known($0, "--kind") })
    }

    private func known(_ text: String, _ option: String) throws -> AlertKind {
        let kind = AlertKind(rawValue: text)
        guard Rules.kinds.contains(kind) else {
            let kinds = Rules.kinds.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(option) names '\(text)', which nothing detects; it takes \(kinds)")
        }
        return kind
    }

    private func dwells() throws -> [AlertKind: Double] {
        var dwells: [AlertKind: Double] = [:]
        for text in dwellOf {
            let parts = text.split(separator: "=")
            guard parts.count == 2, let seconds = Double(parts[1]), (1...86_400).contains(seconds) else {
                throw ValidationError("--dwell-of takes KIND=SECONDS with seconds from 1 to 86400, not '\(text)'")
            }
            dwells[try known(String(parts[0]), "--dwell-of")] = seconds
        }
        return dwells
    }

    func run() async throws {
        LibavLog.redirect { _ in }
        var options = Benchmark.Options(
            truth: truth, dwell: dwell ?? (cameras == nil ? 30 : 300), kinds: try kinds(),
            sampling: try parsedSampling(), annotate: annotate,
            evidence: evidence.map { ($0, MaskingModels(folder: models.path)) })
        options.dwells = try dwells()
        options.aspect = parsedAspect
        options.hasTiles = tiles
        if let cameras { return try await runLive(cameras, watch: options) }
        if stages { return try await runStages(watch: options) }
        let detector = try await models.detector()
        if let hours {
            return try await countFalseAlerts(.init(hours: hours, seed: seed), watch: options, detector)
        }
        let benchmark = Benchmark(detector: detector, options: options)
        var reports: [ClipReport] = []
        var isComplete = true
        for clip in clips {
            let bar = ProgressBar(label: URL(filePath: clip).lastPathComponent)
            do {
                let report = try await benchmark.run(clip) { bar.show($0) }
                bar.clear()
                reports.append(report)
                if let fault = report.fault {
                    Console.complain("\(clip): ended after \(Int(report.streamSeconds.rounded())) s: \(fault)")
                    isComplete = false
                }
            } catch {
                // The other clips still count.
                bar.clear()
                Console.complain("\(clip): \(error)")
                isComplete = false
            }
        }
        try report(reports)
        if !isComplete { throw ExitCode.failure }
    }

    private func countFalseAlerts(
        _ long: LongRun.Options, watch: Benchmark.Options, _ detector: ObjectDetector
    ) async throws {
        let bar = ProgressBar(label: "\(long.hours) h")
        let report = await LongRun(detector: detector, options: long, watch: watch).run(clips) { bar.show($1) }
        bar.clear()
        for clip in report.clips {
            if let fault = clip.fault { Console.complain("\(clip.clip): \(fault)") }
        }
        try write(report, table: LongRunTable.text(report))
        if !report.isComplete { throw ExitCode.failure }
    }

    private func report(_ reports: [ClipReport]) throws {
        try write(["clips": reports], table: BenchTable.text(reports))
    }

    func write(_ report: some Encodable, table: String) throws {
        if json != "-" { print(table) }
        guard let json else { return }
        if json == "-" {
            try JSONText.print(report)
        } else {
            do {
                try JSONText.data(report).write(to: URL(filePath: json), options: .atomic)
            } catch {
                Console.complain(
                    "could not write the report to \(json): \(error.localizedDescription) Check the folder.")
                throw ExitCode.failure
            }
        }
    }

    private var parsedAspect: Aspect? { aspect.flatMap { Aspect($0) } }

    private func parsedSampling() throws -> SamplingPolicy {
        if sampling == "keyframe" { return Benchmark.Options.usualSampling }
        guard let seconds = Double(sampling), seconds >= 0.04, seconds <= 60 else {
            throw ValidationError("--cadence takes 'keyframe' or seconds from 0.04 to 60")
        }
        return .every(seconds: seconds)
    }
}
