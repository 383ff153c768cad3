import Analytics
import Domain
import Foundation
import Inference
import SiteConfiguration
import TestSupport
import Testing
import Video

@testable import Bench
@testable import Edge
@testable import Pipeline

@Suite(.heavy) struct BenchmarkTests {
    @Test func `the usual sampling is that of the daemon`() throws {
        let text = """
            site:
              id: s1
              area: "320583102201"
            broker:
              host: localhost
            cameras:
              - id: cam-01
                url: rtsp://10.0.0.1/a
                purpose: parking
                signage_confirmed: true
                zones:
                  - id: np1
                    polygon: [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]
                    rules:
                      parking.motor:
            """
        let camera = try #require(Configuration.parse(text: text, file: "f").cameras.first)
        #expect(Benchmark.Options().sampling == DaemonSettings.sampling(camera))
    }

    @Test func `there is a rule for each kind`() {
        for kind in Rules.kinds {
            #expect(Benchmark.Options().rules([kind]).kinds == [kind])
        }
    }

    @Test func `without a truth file the whole picture is watched for what is asked for`() throws {
        func watched(_ kinds: Set<AlertKind>?) throws -> Set<AlertKind> {
            let zones = Benchmark.Options(kinds: kinds).zones(nil)
            let zone = try #require(zones.first)
            #expect(zones.count == 1 && zone.zone.polygon.bounds == .whole)
            return zone.rules.kinds
        }
        #expect(try watched(nil) == [.illegalParking])
        #expect(try watched([.exposedGarbage, .crowd]) == [.exposedGarbage, .crowd])
    }

    @Test func `a clip of key frames alone is looked at every two seconds`() throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 20, size: (320, 180), gop: 1)
        var recording = try Recording(path: clip, sampling: Benchmark.Options().sampling)
        var looks: [Double] = []
        while let frame = try recording.next() { looks.append(frame.time.seconds) }
        // What the distance of key frames is, the first two tell.
        #expect(looks.count <= 12, "\(looks)")
        #expect(zip(looks.dropFirst(2), looks.dropFirst(3)).allSatisfy { abs($1 - $0 - 2) < 0.15 }, "\(looks)")
    }

    @Test(.enabled(if: Prepared.isReady, "needs 'make models' and ../shared/footage"), .heavy(minutes: 3))
    func `what was found before a clip breaks off still counts`() async throws {
        let folder = try TemporaryFolder()
        let clip = try #require(Footage.clip("composed/parking.mp4"))
        let truth = try #require(Footage.clip("composed/parking.truth.json"))
        let spoilt = try Footage.spoil(clip, in: folder, from: 50, to: 190, everyNthByte: 3)
        let options = Benchmark.Options(truth: truth, dwell: 10)
        let report = try await Benchmark(detector: try Prepared.detector(), options: options).run(spoilt)
        #expect(try #require(report.fault).contains("no whole picture"))
        #expect((report.matched, report.missed, report.alerts.count) == (1, 1, 1))
        #expect(report.streamSeconds < 100)
    }

    @Test(.enabled(if: Prepared.isReady, "needs 'make models' and ../shared/footage"), .heavy(minutes: 3))
    func `a clip of which nothing could be looked at is at fault`() async throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 10, size: (320, 180))
        let benchmark = Benchmark(detector: try Prepared.detector(), options: .init())
        let whole = try await benchmark.run(clip)
        #expect(whole.fault == nil && whole.clip == clip)
        let spoilt = try await benchmark.run(try Footage.spoil(clip, in: folder, from: 0, to: 10, everyNthByte: 3))
        #expect(spoilt.looks == 0)
        #expect(try #require(spoilt.fault).contains("no picture"))
    }

    @Test(.enabled(if: Prepared.isReady, "needs 'make models' and ../shared/footage"))
    func `the cost of a look counts even where the camera cannot see`() async throws {
        var pipeline = CameraPipeline(
            zones: Benchmark.Options().zones(nil), detector: try Prepared.detector(),
            incidents: IncidentBook(camera: "c") { _ in UUID() }, recorder: nil)
        let (width, height) = (640, 360)
        let black = [16, 128, 128].map { [UInt8](repeating: $0, count: width * height) }
        var gate = 0.0
        for look in 0..<4 {
            let frame = try Frame(
                planes: black, width: width, height: height, time: MediaTime(Double(look) * 2),
                date: Date(timeIntervalSince1970: 0))
            #expect(try await !pipeline.look(at: frame).judgement.isClear)
            let costs = pipeline.costs
            #expect(costs.gate > gate && costs.looks == look + 1)
            gate = costs.gate
        }
    }

    @Test(
        .enabled(if: Prepared.isReady && masking != nil, "needs 'make models' and ../shared/footage"),
        .heavy(minutes: 3))
    func `the evidence of two clips is not mixed`() async throws {
        let folder = try TemporaryFolder()
        let parking = try #require(Footage.clip("composed/parking.mp4"))
        let truth = try #require(Footage.clip("composed/parking.truth.json"))
        let clip = try Footage.cut(parking, in: folder, from: 28, seconds: 24, size: (640, 360))
        let evidence = folder.url.appending(path: "evidence").path
        let masking = try #require(Self.masking)
        let benchmark = Benchmark(
            detector: try Prepared.detector(), options: .init(truth: truth, dwell: 5, evidence: (evidence, masking)))
        var alerts = 0
        for _ in 0..<2 { alerts += try await benchmark.run(clip).alerts.count }
        let days = try FileManager.default.contentsOfDirectory(atPath: evidence).filter { $0.hasPrefix("1970") }
        let incidents = try days.flatMap { try FileManager.default.contentsOfDirectory(atPath: evidence + "/" + $0) }
        #expect(alerts >= 2 && incidents.count == alerts, "\(alerts) alerts, evidence of \(incidents)")
    }

    private static let masking: MaskingModels? = {
        let masking = MaskingModels(folder: Prepared.folder)
        return (try? masking.verified()) == nil ? nil : masking
    }()
}
