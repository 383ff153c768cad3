import Analytics
import Domain
import Foundation
import Inference
import Pipeline
import Video

/// What is judged of each small picture, before the detector may run.
final class GateWork {
    private let pictures: [GreyImage]
    private let interval: Double
    private var monitor = ViewMonitor()
    private var gate: MotionGate
    private var looks = 0

    init(_ keys: KeyFrames, zones: [WatchedZone]) throws {
        var small = SmallPicture()
        var pictures: [GreyImage] = []
        for index in 0..<keys.count {
            pictures.append(try small.picture(of: try keys.frame(index, at: MediaTime(0))).luma)
        }
        self.pictures = pictures
        interval = keys.interval
        gate = MotionGate(zones: zones.map(\.zone.polygon))
    }

    func run() {
        let picture = pictures[looks % pictures.count]
        let time = MediaTime(Double(looks) * interval)
        _ = monitor.judge(picture, at: time)
        _ = gate.admission(of: picture, at: time)
        looks += 1
    }
}

/// Small pictures of frames, one after the other.
final class SmallWork {
    private let frames: [Frame]
    private var small: SmallPicture
    private var next = 0

    init(_ frames: [Frame], isColoured: Bool) {
        self.frames = frames
        small = SmallPicture(isColoured: isColoured)
    }

    func run() throws {
        _ = try small.picture(of: frames[next % frames.count])
        next += 1
    }
}

/// The daemon's own pipeline on the key frames of a clip that goes round and round.
final class LookWork {
    private let keys: KeyFrames
    private let watch: CameraWatch
    private var looks = 0

    init(_ keys: KeyFrames, zones: [WatchedZone], detector: ObjectDetector, hasTiles: Bool) {
        self.keys = keys
        let pipeline = CameraPipeline(
            zones: zones, detector: detector, incidents: IncidentBook(camera: "bench") { _ in UUID() }, recorder: nil,
            hasTiles: hasTiles)
        watch = CameraWatch(CameraWatch.Place(pipeline: pipeline))
    }

    private var time: MediaTime { MediaTime(Double(looks) * keys.interval) }

    /// Takes the next look; returns what it took beside decoding, gate and detector.
    func run() async throws -> Stage.Taken {
        let before = watch.costs.rest
        let frame = try keys.frame(looks, at: time)
        let look = try await watch.look(at: frame)
        if let fault = look.fault { throw fault }
        looks += 1
        return Stage.Taken(processor: watch.costs.rest - before, wall: nil)
    }

    /// What a later run would go on from, after at least so many looks.
    func checkpoint(after least: Int) async throws -> WatchCheckpoint {
        while looks < least { _ = try await run() }
        return watch.place.pipeline.checkpoint(at: time)
    }
}
