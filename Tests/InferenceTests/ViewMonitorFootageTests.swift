import Analytics
import Domain
import Foundation
import Inference
import TestSupport
import Testing
import Video

/// ViewMonitor on recorded scenes, as they are and with faults put in.
@Suite(.enabled(if: Footage.isPresent, "needs ../shared/footage"), .heavy(minutes: 10))
struct ViewMonitorFootageTests {
    typealias Change = @Sendable (_ picture: GreyImage, _ look: Int) -> GreyImage

    static let clips = [
        "composed/camera-1080p25-h264", "composed/camera-1080p25-h265", "composed/garbage-smoke", "composed/parking",
        "composed/vending-simulated", "real/footpath", "real/motorway-dusk", "real/multilane-dusk",
        "real/pi-street-cyclist", "real/pi-street-truck", "real/refuse-room", "real/residential-street",
        "real/signal-crossing", "real/topdown-lane", "real/tunnel",
    ]
    /// Scenes long enough to be learnt before a fault.
    static let long = [
        "composed/camera-1080p25-h264", "composed/vending-simulated", "real/residential-street",
        "composed/garbage-smoke",
    ]

    private static func pictures(_ clip: String, _ sampling: SamplingPolicy = .keyFrames(promise: 3)) throws
        -> [(MediaTime, GreyImage)]
    {
        var recording = try Recording(path: try #require(Footage.clip(clip + ".mp4")), sampling: sampling)
        var small = SmallPicture()
        var pictures: [(MediaTime, GreyImage)] = []
        while let frame = try recording.next() { pictures.append((frame.time, try small.picture(of: frame).luma)) }
        return pictures
    }

    /// Changes of light, weather and mast that are no fault.
    static let harmless: [(name: String, change: Change)] = [
        ("exposure steps", { picture, look in Retouch.gain(picture, [1, 0.6, 1.5, 0.8][look / 4 % 4]) }),
        ("flicker", { picture, look in Retouch.gain(picture, look.isMultiple(of: 2) ? 1.25 : 0.75) }),
        (
            "shaking",
            { picture, look in
                Retouch.shifted(picture, [0, 3, -2, 1, -3, 2][look % 6], [1, -2, 3, -3, 0, 2][look % 6])
            }
        ),
        ("rain", { picture, look in Retouch.rain(picture, seed: look) }),
        ("noise", { picture, look in Retouch.noise(picture, 8, seed: look) }),
    ]

    private static func expectClear(_ pictures: some Sequence<(MediaTime, GreyImage)>, _ name: String) {
        var monitor = ViewMonitor()
        for (time, picture) in pictures {
            // One clip begins with a black picture, and that is true.
            if picture.pixels.max() ?? 0 < 16 { continue }
            let judgement = monitor.judge(picture, at: time)
            #expect(
                judgement.isClear && !judgement.hasNewAppearance,
                "\(name) at \(time.seconds): \(judgement)")
        }
    }

    @Test(arguments: clips) func `nothing is stated where nothing is wrong`(clip: String) throws {
        let pictures = try Self.pictures(clip)
        Self.expectClear(pictures, "as it is")
        // As much as shows every step of a change several times.
        let some = pictures.filter { $0.1.pixels.max() ?? 0 >= 16 }.prefix(28)
        for (name, change) in Self.harmless {
            Self.expectClear(some.enumerated().map { ($1.0, change($1.1, $0)) }, name)
        }
    }

    @Test(arguments: clips.filter { !$0.contains("1080p") })
    func `several looks a second are no fault`(clip: String) throws {
        Self.expectClear(try Self.pictures(clip, .every(seconds: 0.4)).prefix(150), "as it is")
    }

    static let faults: [(kind: CameraFault.Kind, change: @Sendable (GreyImage, GreyImage, Int) -> GreyImage)] = [
        (.frozen, { _, first, _ in first }),
        (.frozen, { _, first, look in Retouch.clock(first, look) }),
        (.black, { picture, _, look in Retouch.noise(Retouch.plain(picture, 18), 2, seed: look) }),
        (.covered, { picture, _, look in Retouch.noise(Retouch.hand(picture), 2, seed: look) }),
        (.outOfFocus, { picture, _, _ in Retouch.blurred(picture, 3) }),
        (.moved, { picture, _, _ in Retouch.shifted(picture, 40, 10) }),
        (.moved, { picture, _, _ in Retouch.mirrored(Retouch.shifted(picture, 60, -50)) }),
    ]

    @Test(arguments: long)
    func `each fault is stated within ten seconds, and the camera recovers`(clip: String) throws {
        let pictures = try Self.pictures(clip).prefix(32)
        let begin = pictures[15].0
        let end = begin + 16
        for (number, (kind, change)) in Self.faults.enumerated() {
            var monitor = ViewMonitor()
            var first: GreyImage?
            var (stated, statedAt, recovered): (CameraFault?, MediaTime?, MediaTime?) = (nil, nil, nil)
            for (look, (time, picture)) in pictures.enumerated() {
                let isFaulty = time >= begin && time < end
                if isFaulty { first = first ?? picture }
                let shown = isFaulty ? change(picture, first ?? picture, look) : picture
                let judgement = monitor.judge(shown, at: time)
                if let fault = judgement.fault, stated == nil { (stated, statedAt) = (fault, time) }
                if time >= end, judgement.isClear, recovered == nil { recovered = time }
                if time < begin || time > end + 4.5 {
                    #expect(judgement.isClear, "fault \(number) at \(time.seconds): \(judgement)")
                }
            }
            #expect(stated?.kind == kind, "fault \(number): \(String(describing: stated))")
            #expect(try #require(statedAt, "fault \(number)") - begin <= 10)
            #expect(try #require(stated).since <= begin + 2.2)
            #expect(try #require(recovered) - end <= 4.5)
        }
    }

    /// The decoder of H.265 gives damaged pictures out as if they were whole: here they must be recognised.
    @Test(arguments: [100, 1000, 10_000]) func `damaged pictures of H.265 are not looked at`(everyNthByte: Int) throws {
        let folder = try TemporaryFolder()
        let clip = try #require(Footage.clip("composed/camera-1080p25-h265.mp4"))
        let spoilt = try Footage.spoil(clip, in: folder, from: 30, to: 44, everyNthByte: everyNthByte)
        var recording = try Recording(path: spoilt, sampling: .keyFrames(promise: 3))
        var small = SmallPicture()
        var monitor = ViewMonitor()
        let whole = try Self.pictures("composed/camera-1080p25-h265")
        var damaged = 0
        while let frame = try recording.next() {
            let picture = try small.picture(of: frame).luma
            let judgement = monitor.judge(picture, at: frame.time)
            let original = try #require(whole.min { abs($0.0 - frame.time) < abs($1.0 - frame.time) }).1
            let wrong = zip(picture.pixels, original.pixels).count { abs(Int($0) - Int($1)) > 12 }
            guard wrong * 10 > picture.pixels.count else { continue }
            damaged += 1
            #expect(!judgement.isClear, "at \(frame.time.seconds)")
        }
        #expect(damaged > 0)
    }

    /// Day to infra-red is learnt anew after a look where too little is as it was; a lorry before most of the view is no fault of the camera.
    @Test(arguments: long) func `a change to infra-red is no fault, and a lorry is no move`(clip: String) throws {
        var monitor = ViewMonitor()
        var lorry = ViewMonitor()
        var flips = 0
        for (look, (time, picture)) in try Self.pictures(clip).prefix(32).enumerated() {
            let judgement = monitor.judge(look >= 16 ? Retouch.infrared(picture, seed: look) : picture, at: time)
            flips += judgement.hasNewAppearance ? 1 : 0
            #expect(judgement.fault == nil, "at \(time.seconds): \(judgement)")
            let front = (16...24).contains(look) ? Retouch.lorry(picture, share: 0.6, seed: look) : picture
            #expect(lorry.judge(front, at: time).isClear, "lorry at \(time.seconds)")
        }
        #expect(flips <= 1)
    }
    /// Scenes of different cameras.
    private static let streets = [
        "real/footpath", "real/motorway-dusk", "real/multilane-dusk", "real/refuse-room", "real/residential-street",
        "real/signal-crossing", "real/topdown-lane", "real/tunnel",
    ]

    @Test func `two pictures of one camera show the same view some seconds apart, and those of two cameras do not`()
        throws
    {
        let pairs = try Self.streets.map { clip in
            // One clip begins with a black picture.
            let pictures = try Self.pictures(clip, .every(seconds: 3)).filter { $0.1.pixels.max() ?? 0 >= 16 }
            return (try #require(pictures.first).1, try #require(pictures.dropFirst().first).1)
        }
        for (clip, (first, second)) in zip(Self.streets, pairs) {
            let own = try #require(SameView.likeness(of: first, to: second), "\(clip)")
            #expect(own > 0.5 && SameView.isSame(first, second) == true, "\(clip): \(own)")
            for (other, (_, picture)) in zip(Self.streets, pairs) where other != clip {
                let likeness = try #require(SameView.likeness(of: first, to: picture))
                #expect(likeness < 0.25 && SameView.isSame(first, picture) == false, "\(clip), \(other): \(likeness)")
            }
        }
    }
}
