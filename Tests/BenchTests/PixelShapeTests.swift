import Domain
import Foundation
import Inference
import TestSupport
import Testing

@testable import Bench

/// One scene, stored in pixels of several shapes.
@Suite(
    .enabled(if: Prepared.isReady, "needs 'make models' and ../shared/footage"),
    .heavy(minutes: 15))
struct PixelShapeTests {
    struct Stored: Sendable, CustomTestStringConvertible {
        let width: Int
        let height: Int
        /// Of a pixel, its width by its height; nil where the stream says nothing.
        let pixel: (Int, Int)?

        var testDescription: String { "\(width)x\(height), \(pixel.map { "\($0.0):\($0.1)" } ?? "unstated")" }
    }

    /// In shares of the picture zones and events are the same in all of them.
    private func writeTruth(beside path: URL) throws {
        let truth: [String: Any] = [
            "video": path.lastPathComponent, "nature": "composed", "size": [640, 360], "duration": 60,
            "zones": [
                [
                    "id": "np1", "rules": ["parking.motor"],
                    "polygon": [[120, 165], [440, 132], [480, 205], [190, 228]],
                ]
            ],
            "events": [
                [
                    "id": 1, "kind": "parking.motor", "zone": "np1", "start": 9.16, "end": 84.0,
                    "box": [238, 153, 126, 63],
                ]
            ],
            "parked": [], "seams": [],
        ]
        let beside = path.deletingPathExtension().path + ".truth.json"
        try JSONSerialization.data(withJSONObject: truth).write(to: URL(filePath: beside))
    }

    private func run(_ stored: Stored, in folder: TemporaryFolder, aspect: Aspect? = nil) async throws -> ClipReport {
        let path = folder.file("\(stored.width)x\(stored.height)-\(stored.pixel?.0 ?? 0).mp4")
        let pixel = stored.pixel.map { "\($0.0)/\($0.1)" } ?? "0"
        try Footage.ffmpeg(
            [
                "-nostdin", "-v", "error", "-y", "-ss", "20", "-i", try #require(Footage.clip("composed/parking.mp4")),
                "-t",
                "60", "-r", "10", "-an", "-vf", "scale=\(stored.width):\(stored.height),setsar=\(pixel)", "-pix_fmt",
                "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "20", "-keyint_min", "20",
                "-sc_threshold", "0", "-crf", "22", path.path,
            ], "squeeze a clip")
        try writeTruth(beside: path)
        let detector = try Prepared.detector()
        var options = Benchmark.Options(dwell: 20)
        options.aspect = aspect
        return try await Benchmark(detector: detector, options: options).run(path.path)
    }

    @Test func `a scene gives the same alert in pixels of every shape`() async throws {
        let folder = try TemporaryFolder()
        var opened: [String: Double] = [:]
        for stored in [
            Stored(width: 704, height: 396, pixel: (1, 1)), Stored(width: 352, height: 198, pixel: (1, 1)),
            Stored(width: 704, height: 576, pixel: (16, 11)), Stored(width: 640, height: 480, pixel: (4, 3)),
            Stored(width: 960, height: 1080, pixel: (2, 1)), Stored(width: 800, height: 360, pixel: (4, 5)),
        ] {
            let report = try await run(stored, in: folder)
            #expect((report.matched, report.wrong, report.duplicate) == (1, 0, 0), "\(stored.testDescription)")
            #expect(report.remarks.isEmpty, "\(stored.testDescription): \(report.remarks)")
            opened[stored.testDescription] = report.alerts.first?.openedS
        }
        let times = opened.values
        let (first, last) = (try #require(times.min()), try #require(times.max()))
        #expect(opened.count == 6 && last - first <= 3, "\(opened)")
    }

    @Test func `a shape that is configured takes the place of one that the stream does not state`() async throws {
        let folder = try TemporaryFolder()
        let stored = Stored(width: 960, height: 1080, pixel: nil)
        let wrong = try await run(stored, in: folder)
        #expect(wrong.remarks.count == 1 && wrong.remarks.first?.contains("set aspect") == true, "\(wrong.remarks)")
        let right = try await run(stored, in: folder, aspect: Aspect("16:9"))
        #expect((right.matched, right.wrong) == (1, 0))
        // A car that is seen to come may be found though it is squeezed: the network's input tells in which shape it was seen.
        #expect(right.input == "448x256" && wrong.input != right.input, "\(wrong.input ?? "none")")
        #expect(right.remarks.isEmpty, "\(right.remarks)")
    }

    @Test func `H.265 that only refreshes gradually is seen after its refresh, and told by name`() async throws {
        let folder = try TemporaryFolder()
        let whole = folder.file("whole.265")
        let source = try #require(Footage.clip("composed/parking.mp4"))
        try Footage.ffmpeg(
            [
                "-nostdin", "-v", "error", "-ss", "20", "-i", source, "-t", "60", "-r", "25", "-an", "-pix_fmt",
                "yuv420p", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params",
                "intra-refresh=1:keyint=75:min-keyint=75:scenecut=0:bframes=0:repeat-headers=1:log-level=error",
                whole.path,
            ], "make a stream with gradual refresh")
        // Joined in the middle: all from the twentieth picture on.
        let bytes = [UInt8](try Data(contentsOf: whole))
        let starts = (0..<bytes.count - 4).filter {
            bytes[$0] == 0 && bytes[$0 + 1] == 0 && bytes[$0 + 2] == 1 && bytes[$0 + 3] >> 1 & 63 < 32
        }
        let joined = folder.file("joined.265")
        try Data(bytes[starts[20]...]).write(to: joined)
        try writeTruth(beside: joined)
        let detector = try Prepared.detector()
        let report = try await Benchmark(detector: detector, options: .init(dwell: 20)).run(joined.path)
        #expect(report.fault == nil && report.looks >= 10, "\(report.looks) looks")
        #expect(report.remarks.contains { $0.contains("switch off intra refresh") }, "\(report.remarks)")
        #expect(report.alerts.contains { $0.kind == "parking.motor" })
    }
}
