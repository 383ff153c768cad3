import Analytics
import Domain
import Foundation
import TestSupport
import Testing
import Video

@testable import Inference
@testable import Pipeline

/// A camera that goes round its presets, made of looks at different clips one after the other.
@Suite(.enabled(if: Prepared.isReady, "needs 'make models' and ../shared/footage"), .heavy(minutes: 3))
struct PresetTests {
    /// Looks at a part of a clip, two seconds apart.
    private static func looks(_ clip: String, from: Double, seconds: Double) throws -> [Planes] {
        var recording = try Recording(path: try #require(Footage.clip(clip)), sampling: .every(seconds: 2))
        var looks: [Planes] = []
        while let frame = try recording.next(), frame.time.seconds < from + seconds {
            guard frame.time.seconds >= from else { continue }
            var planes = try Planes(frame)
            if planes.height > planes.width {
                // The bay, as wide a part as the other pictures are.
                planes = planes.rows(230..<554)
            }
            looks.append(planes)
        }
        return looks
    }

    /// By other light than that of the looks.
    private static func preset(_ id: String, _ planes: Planes) throws -> CameraPreset {
        var small = SmallPicture()
        let picture = try small.picture(of: planes.frame(at: 0)).luma
        return CameraPreset(id: id, picture: Retouch.noise(Retouch.gain(picture, 0.6), 3, seed: 1))
    }

    private static func zone(_ id: String, on preset: String, _ corners: [(Double, Double)]) -> WatchedZone {
        WatchedZone(
            zone: Zone(id: id, name: "", polygon: Polygon(corners.map { Point(x: $0.0, y: $0.1) })),
            rules: [.illegalParking: ParkingSettings(dwell: 10)], preset: preset)
    }

    @Test func `zones are judged at their preset alone, and what stands there is one incident over all rounds`()
        async throws
    {
        let lane = try Self.looks("composed/parking.mp4", from: 20, seconds: 32)
        // The camera stands from there on, and so does the car.
        let bay = try Self.looks("turn2/bay-arrival.mp4", from: 20, seconds: 22)
        let tunnel = try Self.looks("real/tunnel.mp4", from: 0, seconds: 12)
        let zones = [
            "lane": Self.zone(
                "np1", on: "lane", [(0.1875, 0.4583), (0.6875, 0.3667), (0.75, 0.5694), (0.2969, 0.6333)]),
            "bay": Self.zone("bay1", on: "bay", [(0.59, 0.31), (1, 0.31), (1, 0.92), (0.59, 0.92)]),
        ]
        let detector = try Prepared.detector()
        let places = try [("bay", bay[0]), ("lane", lane[0])].map { id, planes in
            CameraWatch.Place(
                preset: try Self.preset(id, planes),
                pipeline: CameraPipeline(
                    zones: [try #require(zones[id])], detector: detector,
                    incidents: IncidentBook(camera: "c") { _ in UUID() }, recorder: nil, presets: ["bay", "lane"],
                    hasTiles: false))
        }
        #expect(try !#require(places[0].preset).isAlike(try #require(places[1].preset)))
        let watch = CameraWatch(places[0], [places[1]])
        let rounds: [(preset: String?, looks: ArraySlice<Planes>)] = [
            ("lane", lane.prefix(13)), ("bay", bay.prefix(9)), (nil, tunnel[...]), ("lane", lane.dropFirst(13)),
            ("bay", bay.dropFirst(9)),
        ]
        var (changes, number) = ([Incident](), 0)
        for (preset, looks) in rounds {
            for (index, planes) in looks.enumerated() {
                let look = try await watch.look(at: planes.frame(at: Double(number) * 2))
                number += 1
                changes += look.changes.map(\.incident)
                // A look that shows none is passed over; the sixth is ten seconds after the turn at most.
                if preset != nil || index >= 4 { #expect(look.preset == preset, "look \(number)") }
                if preset == nil {
                    #expect(!look.judgement.isClear && look.changes.isEmpty)
                    if index >= 4 { #expect(look.judgement.fault?.kind == .moved, "look \(number)") }
                } else {
                    #expect(look.judgement.fault == nil, "look \(number)")
                }
            }
        }
        #expect(changes.filter { $0.state == .opened }.map(\.zone).sorted() == ["bay1", "np1"])
        #expect(!changes.contains { $0.state == .closed })
        // A review that ends an incident reaches the pipeline that has it, wherever the camera looks.
        let incident = try #require(changes.first { $0.zone == "np1" })
        watch.suppress(incident.id)
        #expect(!places[1].pipeline.holds(incident.id) && watch.takeUnsuppressed().isEmpty)
    }
}

extension Planes {
    fileprivate func rows(_ rows: Range<Int>) -> Planes {
        var part = self
        part.values = values.map { Array($0[rows.lowerBound * width..<rows.upperBound * width]) }
        part.height = rows.count
        return part
    }
}
