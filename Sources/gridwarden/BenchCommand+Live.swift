import ArgumentParser
import Bench
import Foundation
import Glibc
import Synchronization
import Video

/// `bench --cameras`.
extension BenchCommand {
    func validateLive() throws {
        guard let cameras else {
            guard html == nil else { throw ValidationError("--html goes with --cameras") }
            guard rtsp.isEmpty || stages else { throw ValidationError("--rtsp goes with --cameras or --stages") }
            guard decode == nil else { throw ValidationError("--decode goes with --cameras") }
            guard !findLimit else {
                throw ValidationError("--find-limit goes with --cameras, where the search begins")
            }
            return
        }
        let range = LiveBench.range
        guard range.contains(cameras) else {
            throw ValidationError("--cameras takes a number from \(range.lowerBound) to \(range.upperBound)")
        }
        guard (1...86_400).contains(seconds ?? 60) else {
            throw ValidationError("--seconds takes seconds from 1 to 86400")
        }
        guard rtsp.isEmpty || rtsp.count == clips.count,
            rtsp.allSatisfy({ $0 == Self.memory || CameraURL($0).isStream })
        else {
            throw ValidationError(
                "--rtsp takes an address that begins with rtsp://, or '\(Self.memory)', one for each clip")
        }
        guard decoding != nil else {
            let ways = DecodingWay.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--decode takes one of \(ways), not '\(decode ?? "")'")
        }
        guard html?.hasSuffix(".html") ?? true else {
            throw ValidationError("--html takes a name that ends in .html, not '\(html ?? "")'")
        }
        guard hours == nil, annotate == nil, evidence == nil else {
            throw ValidationError("--cameras goes without --hours, --annotate and --evidence")
        }
    }

    /// In place of an address: the clip is played from memory.
    private static let memory = "memory"

    /// Nil where there is none of that name.
    private var decoding: DecodingWay? {
        guard let decode else { return .software }
        return DecodingWay(rawValue: decode)
    }

    func runLive(_ cameras: Int, watch: Benchmark.Options) async throws {
        if let fault = LiveRoom.fault(cameras: cameras, overRTSP: !rtsp.isEmpty) {
            Console.complain("could not run \(cameras) cameras: \(fault)")
            throw ExitCode.failure
        }
        let loaded: [MemoryClip]
        do {
            // A clip that is named again is in memory once.
            let known = try Dictionary(uniqueKeysWithValues: Set(clips).map { ($0, try MemoryClip(path: $0)) })
            loaded = clips.compactMap { known[$0] }
        } catch {
            Console.complain("\(error)")
            throw ExitCode.failure
        }
        let detector = try await models.detector()
        HardwareDecoding.report { Console.complain($0) }
        let bench = try LiveBench(
            detector: detector, clips: loaded,
            options: .init(
                seconds: seconds ?? 60, watch: watch, streams: rtsp.map { $0 == Self.memory ? nil : CameraURL($0) },
                decoding: decoding ?? .software))
        Interruption.watch()
        let bar = LiveBar()
        var runs: [LiveRun] = []
        var limit: Int?
        if findLimit {
            (runs, limit) = await bench.findLimit(from: cameras) {
                Interruption.hasCome
            } progress: { cameras, progress in
                bar.show(progress, cameras: cameras)
            } done: { run in
                bar.clear()
                Console.complain(LiveTable.line(run))
            }
        } else {
            let run = await bench.run(cameras) {
                Interruption.hasCome
            } progress: { progress in
                bar.show(progress, cameras: cameras)
            }
            runs = [run].compactMap(\.self)
        }
        bar.clear()
        guard
            let report = LiveReport(clips: clips, runs: runs, limit: limit, dwell: watch.dwell, overRTSP: !rtsp.isEmpty)
        else {
            Console.complain("it was stopped before anything was measured")
            throw ExitCode(130)
        }
        if let html {
            let page = LivePage.html(report, date: Date.now.formatted(.iso8601))
            do { try Data(page.utf8).write(to: URL(filePath: html), options: .atomic) } catch {
                // The table still counts.
                Console.complain("could not write the page to \(html): \(error.localizedDescription) Check the folder.")
                try write(report, table: LiveTable.text(report))
                throw ExitCode.failure
            }
        }
        try write(report, table: LiveTable.text(report))
    }
}

/// Ctrl-C, or SIGTERM: the first one ends the measurement, the second one the process.
enum Interruption {
    private static let count = Atomic(0)

    /// The counter is created before any signal can arrive: a handler only adds to it.
    static func watch() {
        _ = hasCome
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in if Interruption.count.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) } }
        }
    }

    static var hasCome: Bool { count.load(ordering: .relaxed) > 0 }
}

/// One bar for each phase of each run.
private final class LiveBar {
    private let bar = PhaseBar()

    func show(_ progress: LiveBench.Progress, cameras: Int) {
        let (name, share) =
            switch progress {
            case .starting(let share): ("\(cameras) cameras start", share)
            case .measuring(let share): ("\(cameras) cameras", share)
            }
        bar.show(name, share)
    }

    func clear() { bar.clear() }
}

/// The live runs' report for people.
enum LiveTable {
    static func text(_ report: LiveReport) -> String {
        let head = [
            "cameras", "settle", "cores", "one", "due", "looks", "missed", "blind", "look50", "look95", "alerts",
            "alert50",
            "alert95", "MiB", "MiB/one", "Mb/s", "decode", "gate", "infer", "rest", "other", "kept",
        ]
        let rows = report.runs.map { run in
            [
                "\(run.cameras)", number(run.settling.seconds, 0) + (run.settling.isComplete ? "" : "!"),
                number(run.coresUsed, 2), number(run.coresPerCamera, 4), "\(run.looksDue)",
                "\(run.looks)", "\(run.looksMissed)", number(run.blindSeconds, 1), seconds(run.lookDelay.median),
                seconds(run.lookDelay.p95), "\(run.alerts)", seconds(run.openingDelay.median),
                seconds(run.openingDelay.p95), number(run.resident, 0), number(run.residentPerCamera, 1),
                number(Double(run.bytes) * 8 / 1e6 / max(run.seconds, 1e-3), 1), percent(run.shares.decode),
                percent(run.shares.gate), percent(run.shares.infer), percent(run.shares.rest),
                percent(run.shares.other), run.isKept ? "yes" : "no",
            ]
        }
        let faults = report.runs.flatMap { run in
            run.faults.map { "  \(run.cameras) cameras, at \($0.cameras) of them: \($0.what)" }
        }
        let limit = report.limit.map { ["limit: \($0) cameras keep every promise"] } ?? []
        return
            (TextTable.lines(head, rows) + [
                "settle: seconds until all had learnt their views and their looks came in time (! where that was not waited for any "
                    + "longer); cores, MiB: of this process, and for one camera; look, alert: seconds within which half and 95 % of the looks "
                    + "ended after their picture came, and of the alerts were opened after their threshold; decode (with "
                    + "receiving) to other: % of the processor time"
            ] + faults + limit).joined(separator: "\n")
    }

    /// One run, as it is printed while others follow.
    static func line(_ run: LiveRun) -> String {
        "\(run.cameras) cameras: \(number(run.coresUsed, 2)) cores, \(run.looks) looks, \(run.looksMissed) missed, "
            + "blind for \(number(run.blindSeconds, 1)) s, 95 % of the looks within \(seconds(run.lookDelay.p95)) s: "
            + (run.isKept ? "every promise kept" : "not every promise kept")
    }

    private static func seconds(_ value: Double?) -> String { value.map { number($0, 2) } ?? "-" }
    private static func percent(_ share: Double) -> String { number(share * 100, 0) }
    private static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
