import Analytics
import Domain
import Foundation
import Inference
import PipelineSupport
import SiteConfiguration
import TestSupport
import Video

@testable import Pipeline

/// Models that `make models` has prepared.
enum Prepared {
    static let folder = Footage.packageRoot.appending(path: "models/prepared").path
    static let isReady = Footage.isPresent && FileManager.default.fileExists(atPath: folder + "/manifest.json")

    /// A picture that another test of this process has looked at costs it no inference.
    static func detector(cache: OutputCache = .shared) throws -> ObjectDetector {
        try ObjectDetector(models: models(), engines: cache.engines())
    }

    /// For tests of times and costs, and those that compare a run with itself.
    static func uncachedDetector() throws -> ObjectDetector { try ObjectDetector(models: models()) }

    private static func models() throws -> DetectorModels {
        try ModelManifest.load(folder: folder).detectors(DetectorSettings().chosenModel, in: folder)
    }
}

/// Full-size planes in 4:4:4 that a test can change before the pipeline sees them.
struct Planes {
    let width: Int
    var height: Int
    /// Luma, blue and red difference.
    var values: [[UInt8]]

    init(_ frame: Frame) throws { try self.init(frame, width: frame.width, height: frame.height) }

    init(_ frame: Frame, width: Int, height: Int) throws {
        var scaler = Scaler(width: width, height: height, format: .planes)
        let count = width * height
        values = try scaler.scale(frame) { pixels in (0..<3).map { Array(pixels[$0 * count..<($0 + 1) * count]) } }
        self.width = width
        self.height = height
    }

    /// Sum of the luma of every 16th pixel.
    var brightness: Int { stride(from: 0, to: values[0].count, by: 16).reduce(1) { $0 + Int(values[0][$1]) } }

    func frame(at seconds: Double) throws -> Frame {
        try Frame(
            planes: values, width: width, height: height, time: MediaTime(seconds),
            date: Date(timeIntervalSince1970: 1_790_000_000 + seconds))
    }
}

/// A clip of a fixed camera, played forwards and backwards for as long as a trial needs, so that nothing jumps.
struct Scenery {
    static let look = 2.0
    /// Recordings of fixed cameras in which nothing happens that an alert would be right for. In the others vehicles
    /// wait that the detector does not know: see docs/bench.md.
    static let quiet = [
        "footpath", "motorway-dusk", "multilane-dusk", "refuse-room", "topdown-lane", "tunnel",
    ]

    let name: String
    let looks: [Planes]

    struct Absent: Error {}

    init(_ name: String) throws {
        guard let path = Footage.clip("real/\(name).mp4") else { throw Absent() }
        self.name = name
        LibavLog.redirect { _ in }
        var recording = try Recording(path: path, sampling: .every(seconds: Self.look))
        var looks: [Planes] = []
        while let frame = try recording.next(), looks.count < 30 { looks.append(try Planes(frame)) }
        guard looks.count > 1 else { throw Absent() }
        self.looks = looks
    }

    func look(_ index: Int) -> Planes {
        let period = 2 * (looks.count - 1)
        let place = index % period
        return looks[place < looks.count ? place : period - place]
    }

    /// Watches the whole picture for what the rules say, look by look, and returns what opened, with its last state.
    func watch(
        seconds: Double, rules: ZoneRules, detector: ObjectDetector,
        _ change: (inout Planes, Double) -> Void = { _, _ in }
    ) async throws -> [Incident] {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map { Point(x: $0.0, y: $0.1) }
        let zone = Zone(id: "all", name: "", polygon: Polygon(corners), surface: .pavement)
        var pipeline = CameraPipeline(
            zones: [WatchedZone(zone: zone, rules: rules)], detector: detector,
            incidents: IncidentBook(camera: name) { _ in UUID() }, recorder: nil)
        var alerts: [Incident] = []
        for index in 0...Int(seconds / Self.look) {
            var planes = look(index)
            let time = Double(index) * Self.look
            change(&planes, time)
            for incident in try await pipeline.look(at: planes.frame(at: time)).changes.map(\.incident) {
                if let known = alerts.firstIndex(where: { $0.id == incident.id }) {
                    alerts[known] = incident
                } else {
                    alerts.append(incident)
                }
            }
        }
        return alerts
    }
}
