import Analytics
import Domain
import Foundation
import Inference
import TestSupport
import Testing
import Video

/// The view that an earlier run knew, on recorded scenes: what another run sees of them, and of others.
@Suite(.enabled(if: Footage.isPresent, "needs ../shared/footage"), .heavy) struct KnownViewTests {
    /// Of different places. One clip zooms and turns, another begins with a black picture.
    private static let clips = [
        "composed/garbage-smoke", "composed/parking", "real/motorway-dusk", "real/multilane-dusk", "real/topdown-lane",
        "turn2/bay-arrival", "turn2/cloud-shadow", "turn2/infrared-gate",
    ]

    /// Another hour, weather and dirt than when the view was learnt.
    private static let lights: [(name: String, change: @Sendable (GreyImage, Int) -> GreyImage)] = [
        ("as it is", { picture, _ in picture }),
        ("dusk", { picture, look in Retouch.noise(Retouch.gain(picture, 0.25), 2, seed: look) }),
        ("infra-red", { Retouch.infrared($0, seed: $1) }),
        ("rain", { Retouch.rain($0, seed: $1) }),
        ("noise", { Retouch.noise($0, 12, seed: $1) }),
        ("dirt", { picture, _ in Retouch.blurred(picture, 1.5) }),
        (
            "fog",
            { picture, look in
                let veiled = Retouch.map(picture) { 140 + 0.35 * Double(picture.pixels[$1 * picture.width + $0]) }
                return Retouch.noise(veiled, 1.5, seed: look)
            }
        ),
        ("a slight shift", { picture, _ in Retouch.shifted(picture, 4, -3) }),
        ("a lorry", { Retouch.lorry($0, share: 0.5, seed: $1) }),
    ]

    /// The first looks at a clip, two seconds apart.
    private static func pictures(_ clip: String, _ count: Int = 10) throws -> [GreyImage] {
        var recording = try Recording(
            path: try #require(Footage.clip(clip + ".mp4")), sampling: .keyFrames(promise: 3, interval: 2))
        var small = SmallPicture()
        var pictures: [GreyImage] = []
        while pictures.count < count, let frame = try recording.next() {
            let picture = try small.picture(of: frame).luma
            // One shape for all: views of different ones are not compared.
            if picture.pixels.max() ?? 0 >= 16 { pictures.append(picture.stretched(toHeight: 180)) }
        }
        return pictures
    }

    private static func judge(_ monitor: inout ViewMonitor, _ pictures: [GreyImage]) -> [ViewJudgement] {
        pictures.enumerated().map { monitor.judge($1, at: MediaTime(Double($0) * 2)) }
    }

    @Test func `after a restart the same view goes on in any light, and another one is moved within ten seconds`()
        throws
    {
        let scenes = try Self.clips.map { (clip: $0, pictures: try Self.pictures($0)) }
        var views: [ViewCheckpoint] = []
        for (clip, pictures) in scenes {
            var monitor = ViewMonitor()
            // Clips of few key frames go on from their beginning.
            let learnt = (0..<10).map { pictures[$0 % pictures.count] }
            for (look, picture) in learnt.enumerated() {
                _ = monitor.judge(Retouch.noise(picture, 1, seed: look), at: MediaTime(Double(look) * 2))
            }
            let data = try #require(try monitor.checkpoint?.data(), "\(clip)")
            #expect(data.count < 13_000)
            views.append(try #require(ViewCheckpoint(data: data)))
        }
        for (index, (clip, pictures)) in scenes.enumerated() {
            for (name, change) in Self.lights {
                var monitor = ViewMonitor(known: [views[index]])
                let judgements = Self.judge(&monitor, pictures.suffix(4).enumerated().map { change($1, $0) })
                #expect(judgements.allSatisfy { $0.fault == nil }, "\(clip), \(name): \(judgements)")
            }
            // All pairs of twelve clips took a minute, and held as well.
            for other in [1, 3].map({ (index + $0) % views.count }) {
                var monitor = ViewMonitor(known: [views[other]])
                let six = (0..<6).map { Retouch.noise(pictures[$0 % pictures.count], 1, seed: $0) }
                let judgements = Self.judge(&monitor, six)
                // Chance may make one look alike; the next ones tell.
                #expect(judgements.count { $0.isClear } <= 1, "\(clip) for \(scenes[other].clip): \(judgements)")
                // The sixth look is at ten seconds.
                #expect(
                    judgements.last?.fault?.kind == .moved,
                    "\(clip) for \(scenes[other].clip): \(judgements)")
                // What is moved stays moved over another restart.
                #expect(monitor.checkpoint == views[other])
            }
        }
    }
}
