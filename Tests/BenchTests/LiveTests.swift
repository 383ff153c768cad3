import Foundation
import FoundationXML
import Inference
import Pipeline
import TestSupport
import Testing
import Video

@testable import Bench

/// Promise 3 s, a key frame every 2 s: a look is missed after 5 s.
@Suite struct PromiseLedgerTests {
    private func ledger(before: [Double] = [], from begin: Double, looks: [Double], to end: Double) -> PromiseLedger {
        var ledger = PromiseLedger(promise: 3, keyInterval: 2)
        for time in before { ledger.looked(at: time) }
        ledger.begin(at: begin)
        for time in looks { ledger.looked(at: time) }
        ledger.end(at: end)
        return ledger
    }

    @Test func `looks in time are all made and none is missed`() {
        let ledger = ledger(before: [8], from: 10, looks: [10, 12, 14, 16, 18, 20], to: 22)
        #expect((ledger.due, ledger.made, ledger.missed, ledger.blind) == (4, 6, 0, 0))
    }

    @Test func `a look may be late by a key frame interval`() {
        let ledger = ledger(before: [10], from: 10, looks: [15, 20], to: 25)
        #expect((ledger.due, ledger.made, ledger.missed, ledger.blind) == (5, 2, 0, 0))
    }

    @Test func `after the limit one is missed, and another one with each promise that passes`() {
        // Due by 15, 18, 21; the look of 22.5 ends it.
        let ledger = ledger(before: [10], from: 10, looks: [22.5], to: 24)
        #expect((ledger.made, ledger.missed, ledger.blind) == (1, 3, 7.5))
    }

    @Test func `what is missing at the end counts too`() {
        let ledger = ledger(before: [10], from: 10, looks: [12], to: 20)
        #expect((ledger.made, ledger.missed, ledger.blind) == (1, 1, 3))
    }

    @Test func `what was missed before the measurement is not counted, what goes on is`() {
        // Due by 5, 8, 11, 14.
        let ledger = ledger(before: [0], from: 10, looks: [15], to: 16)
        #expect((ledger.made, ledger.missed, ledger.blind) == (1, 2, 5))
    }

    @Test func `a camera that never gave a look is blind from the beginning`() {
        let ledger = ledger(from: 10, looks: [], to: 22)
        #expect((ledger.due, ledger.made, ledger.missed, ledger.blind) == (4, 0, 4, 12))
    }

    @Test func `since when every look comes in time is known, measured or not`() {
        var ledger = PromiseLedger(promise: 3, keyInterval: 2)
        #expect(ledger.kept(until: 100) == 0)
        for time in [1.0, 4, 9] { ledger.looked(at: time) }
        #expect(ledger.kept(until: 10) == 9)
        #expect(ledger.kept(until: 14.5) == 0, "one is overdue")
        ledger.looked(at: 15)
        #expect(ledger.kept(until: 15) == 0 && ledger.kept(until: 17) == 2)
    }

    @Test func `looks outside of the measurement are not counted`() {
        var ledger = ledger(before: [8, 9], from: 10, looks: [11], to: 12)
        ledger.looked(at: 13)
        #expect(ledger.made == 1)
    }
}

@Suite struct LimitSearchTests {
    private func search(from first: Int, most: Int = 2000, limit: Int) -> (found: Int?, tried: [Int]) {
        var search = LimitSearch(from: first, most: most)
        var tried: [Int] = []
        while let next = search.next, tried.count < 100 {
            tried.append(next)
            search.note(next, isKept: next <= limit)
        }
        return (search.limit, tried)
    }

    @Test func `the search doubles until one breaks, then halves the distance`() {
        let (found, tried) = search(from: 8, limit: 43)
        #expect(tried == [8, 16, 32, 64, 48, 40, 44, 42, 43])
        #expect(found == 43)
    }

    @Test func `the search goes down where it began too high`() {
        #expect(search(from: 100, limit: 30).found == 30)
        #expect(search(from: 100, limit: 0).found == 0)
        #expect(search(from: 1, limit: 1).found == 1)
    }

    @Test(arguments: [1, 7, 60, 333, 1999, 2000, 5000])
    func `the search ends near the limit and never above`(limit: Int) throws {
        let (found, tried) = search(from: 16, limit: limit)
        let number = try #require(found)
        #expect(number <= limit && Double(min(limit, 2000) - number) <= max(1, Double(number) * 0.02))
        #expect(tried.count < 20 && tried.allSatisfy { (1...2000).contains($0) })
    }

    @Test func `before anything was tried there is no limit`() {
        #expect(LimitSearch(from: 4, most: 8).limit == nil)
    }
}

@Suite struct StaggerTests {
    @Test(arguments: [1, 5, 32, 33, 64, 100, 400]) func `key frames are spread evenly`(cameras: Int) {
        let starts = (0..<cameras).map { Stagger.start($0, of: cameras, keyInterval: 2) }
        #expect(starts[0] == 0)
        let phases = starts.map { $0.truncatingRemainder(dividingBy: 2) }.sorted()
        let gaps = zip(phases, phases.dropFirst() + [phases[0] + 2]).map { $1 - $0 }
        #expect(gaps.max() ?? 0 <= 2 * 2 / Double(cameras) + 1e-9, "\(gaps.max() ?? 0)")
        // Not all of hundreds open at once.
        for start in starts { #expect(starts.count { abs($0 - start) < 0.5 } <= 34) }
    }
}

@Suite struct LiveReportTests {
    static func run(cameras: Int = 2, missed: Int = 0, delay: Double = 0.1, fault: String? = nil) -> LiveRun {
        let readings = (0..<cameras).map { _ in
            var reading = LiveCamera.Reading()
            (reading.due, reading.made, reading.missed) = (20, 30, missed)
            reading.delays = (0..<30).map { delay * (1 + Double($0) / 60) }
            reading.openings = [1.5]
            (reading.bytes, reading.decode, reading.gate, reading.infer) = (30_000_000, 0.72, 0.06, 0.6)
            reading.faults = [fault].compactMap(\.self)
            return reading
        }
        return LiveRun(
            seconds: 60, processorSeconds: 1.5 * Double(cameras), residentBefore: 100,
            resident: 100 + 20 * Double(cameras), keyInterval: 2, promise: 3,
            settling: .init(isComplete: true, seconds: 20, coresPerCamera: 0.05), cameras: readings,
            sources: [.init(clip: "a.mp4"), .init(clip: "b.mp4", stream: CameraURL("rtsp://u:p@camera/b"))])
    }

    @Test func `the figures are those of all cameras together`() {
        let run = Self.run(cameras: 4)
        #expect((run.cameras, run.coresUsed, run.coresPerCamera) == (4, 0.1, 0.025))
        #expect((run.looksDue, run.looks, run.looksMissed, run.blindSeconds) == (80, 120, 0, 0))
        #expect((run.resident, run.residentPerCamera, run.bytes) == (180, 20, 120_000_000))
        #expect((run.alerts, run.openingDelay.median, run.openingDelay.p95) == (4, 1.5, 1.5))
        let shares = run.shares
        #expect((shares.decode, shares.gate, shares.infer, shares.rest) == (0.48, 0.04, 0.4, 0))
        #expect(abs(shares.other - 0.08) < 1e-9)
    }

    @Test func `who keeps its promises beside others that do not is told by clip, without a password`() {
        let run = Self.run(cameras: 5, missed: 1)
        #expect(run.sources.map(\.stream) == ["memory", "rtsp://***@camera/b"])
        #expect(run.sources.map(\.cameras) == [3, 2])
        #expect(run.sources.map(\.looksDue) == [60, 40] && run.sources.map(\.looksMissed) == [3, 2])
    }

    @Test func `promises are kept where nothing is missed and looks end before the next key frame`() {
        #expect(Self.run().isKept)
        #expect(!Self.run(missed: 1).isKept)
        #expect(!Self.run(delay: 1.9).isKept)
    }

    @Test func `the JSON has the published keys, with null where there is nothing`() throws {
        let report = try #require(
            LiveReport(clips: ["a.mp4"], runs: [Self.run(), Self.run(cameras: 3)], limit: nil, dwell: 300))
        let data = try JSONEncoder().encode(report)
        let top = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let live = try #require(top["live"] as? [String: Any])
        let keys: Set = [
            "cameras", "cores_used", "cores_per_camera", "seconds", "looks", "looks_due", "looks_missed",
            "blind_seconds",
            "look_delay_s", "opening_delay_s", "alerts", "inferences", "rss_mib", "rss_before_mib",
            "rss_per_camera_mib", "bytes", "shares", "key_interval_s", "promise_s", "kept", "faults", "limit", "runs",
            "clips", "dwell_s", "source", "settling", "sources",
        ]
        #expect(Set(live.keys) == keys)
        #expect(live["limit"] is NSNull)
        #expect(live["cameras"] as? Int == 3)
        #expect((live["opening_delay_s"] as? [String: Double])?.keys.sorted() == ["median", "p95"])
        #expect((live["runs"] as? [Any])?.count == 2)
    }

    @Test func `the figures are those at the limit`() throws {
        let runs = [Self.run(cameras: 8), Self.run(cameras: 16, missed: 4), Self.run(cameras: 12, missed: 1)]
        let report = try #require(LiveReport(clips: [], runs: runs, limit: 8, dwell: 300))
        #expect(report.chosen?.cameras == 8)
        #expect(LiveReport(clips: [], runs: [], limit: nil, dwell: 300) == nil)
    }

    @Test func `a run without looks has no delays and keeps nothing`() throws {
        let run = LiveRun(
            seconds: 0, processorSeconds: 0, residentBefore: 0, resident: 0, keyInterval: 2, promise: 3,
            settling: .init(isComplete: false, seconds: 60, coresPerCamera: 0), cameras: [LiveCamera.Reading()],
            sources: [])
        #expect(run.lookDelay.p95 == nil && !run.isKept)
        let report = try #require(LiveReport(clips: ["a"], runs: [run], limit: 0, dwell: 300))
        #expect(try !JSONEncoder().encode(report).isEmpty)
        let isWellFormed = LivePageTests.isWellFormed(LivePage.html(report, date: ""))
        #expect(isWellFormed)
    }
}

@Suite struct LivePageTests {
    static func isWellFormed(_ page: String) -> Bool { XMLParser(data: Data(page.utf8)).parse() }

    @Test(arguments: [1, 7])
    func `the page is well formed, whole, and asks for nothing from elsewhere`(runs: Int) throws {
        let fault = "could not open <a> & \"b\""
        let all = (0..<runs).map {
            LiveReportTests.run(cameras: 4 << $0, missed: $0 > 4 ? 3 : 0, fault: $0 == 0 ? fault : nil)
        }
        let report = try #require(LiveReport(clips: ["/tmp/a<b>&.mp4"], runs: all, limit: 64, dwell: 300))
        let page = LivePage.html(report, date: "2026-01-01T00:00:00Z")
        // Not the page itself, which would be told whole.
        let isWellFormed = Self.isWellFormed(page)
        #expect(isWellFormed)
        #expect(!page.contains("<script") && !page.contains("http") && !page.contains("url("))
        #expect(page.contains("prefers-color-scheme: dark"))
        #expect(page.contains("a&lt;b&gt;&amp;.mp4") && page.contains("&lt;a&gt; &amp; &quot;b&quot;"))
        #expect(page.contains("Cost of a camera") && page.contains("单路摄像机开销"))
        #expect(!page.contains("nan") && !page.contains("inf\""))
    }

    @Test(arguments: [(0.0, 1.0), (0.9, 1.2), (1.3, 1.6), (2.2, 2.4), (0.031, 0.032), (61, 80), (900, 1200)])
    func `an axis ends at a round number`(value: Double, end: Double) {
        #expect(abs(LivePage.nice(value) - end) < 1e-9)
    }
}

@Suite struct LiveRoomTests {
    @Test func `too few threads or files are said with what helps`() throws {
        #expect(LiveRoom.fault(cameras: 100, files: 64, freeThreads: nil, freeFiles: nil) == nil)
        #expect(LiveRoom.fault(cameras: 100, files: 364, freeThreads: 200, freeFiles: 1024) == nil)
        let threads = try #require(LiveRoom.fault(cameras: 100, files: 64, freeThreads: 110, freeFiles: nil))
        #expect(threads.contains("100 cameras need 132 threads") && threads.contains("ulimit -u"))
        let files = try #require(LiveRoom.fault(cameras: 400, files: 1264, freeThreads: nil, freeFiles: 1024))
        #expect(files.contains("400 cameras need 1264 open files") && files.contains("ulimit -n"))
    }
}

@Suite(.enabled(if: Prepared.isReady, "needs 'make models' and ../shared/footage"), .heavy(minutes: 3))
struct LiveBenchTests {
    private func bench(seconds: Double) throws -> LiveBench {
        let clip = try MemoryClip(path: try #require(Footage.clip("composed/parking.mp4")))
        return try LiveBench(
            detector: try Prepared.uncachedDetector(), clips: [clip],
            options: .init(seconds: seconds, watch: .init(dwell: 20)))
    }

    @Test func `two cameras are looked at in time, and what they cost is told`() async throws {
        let run = try #require(await bench(seconds: 4).run(2))
        #expect(run.cameras == 2 && (4...10).contains(run.seconds))
        #expect(run.looks >= 2 && run.coresUsed > 0 && run.bytes > 0 && run.shares.decode > 0 && run.shares.infer > 0)
        #expect(run.faults.isEmpty && run.keyInterval == 2)
        #expect(run.settling.isComplete && run.settling.seconds > 3 && run.settling.coresPerCamera > 0)
    }

    @Test func `a real server is watched in the same way`() async throws {
        let folder = try TemporaryFolder()
        let path = try Footage.makeTestClip(in: folder, seconds: 4, size: (320, 180), gop: 10)
        let server = try RTSPServer(clip: path)
        defer { server.stop() }
        let bench = try LiveBench(
            detector: try Prepared.uncachedDetector(), clips: [MemoryClip(path: path)],
            options: .init(seconds: 4, watch: .init(dwell: 20), streams: [CameraURL(server.url)]))
        let run = try #require(await bench.run(2))
        #expect(run.faults.isEmpty && run.looks >= 2 && run.bytes > 0 && run.shares.decode > 0)
        #expect(try #require(run.lookDelay.median) > 0)
    }

    @Test func `stopped in its warm-up nothing is measured, and all cameras end`() async throws {
        #expect(try await bench(seconds: 600).run(3) { true } == nil)
    }
}
