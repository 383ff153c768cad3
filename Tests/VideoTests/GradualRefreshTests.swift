import Domain
import Foundation
import TestSupport
import Testing

@testable import Video

/// Streams that renew their pictures bit by bit: one key frame at the start, then recovery points.
@Suite(.waiting(minutes: 3)) struct GradualRefreshTests {
    private func clip(_ name: String, in folder: TemporaryFolder, every seconds: Int) throws -> String {
        let count = seconds * 10
        let lines = "keyint=\(count):min-keyint=\(count):intra-refresh=1:scenecut=0"
        return try MadeClip.make(name, in: folder, MadeClip.pattern(60) + ["-bf", "0", "-x264-params", lines])
    }

    /// Small pictures by their time in tenths of a second since the first.
    private func pictures(_ clip: String, _ sampling: SamplingPolicy) throws -> [Int: [UInt8]] {
        var recording = try Recording(path: clip, sampling: sampling)
        var scaler = Scaler(width: 64, height: 36, format: .grey)
        var (pictures, first) = ([Int: [UInt8]](), Double?.none)
        while let frame = try recording.next() {
            let start = first ?? frame.time.seconds
            first = start
            pictures[Int(((frame.time.seconds - start) * 10).rounded())] = try scaler.scale(frame) { Array($0) }
        }
        return pictures
    }

    @Test(arguments: ["clip.mp4", "clip.ts"], [2, 5])
    func `recovery points are no key frames`(name: String, every: Int) throws {
        let folder = try TemporaryFolder()
        let clip = try clip(name, in: folder, every: every)
        let clean = try pictures(clip, .every(seconds: 0.1))
        let seen = try pictures(clip, .keyFrames(promise: 3, interval: 2))
        for (time, picture) in seen { #expect(meanDifference(picture, try #require(clean[time])) < 2, "at \(time)") }
        // Twice a recovery point brings nothing; from then on the promise holds.
        let times = seen.keys.sorted()
        let late = [0] + times.filter { $0 > 50 * every } + [600]
        #expect(times.contains { $0 <= 30 * every + 30 }, "\(times)")
        #expect(zip(late.dropFirst(2), late.dropFirst()).allSatisfy { $0 - $1 <= 31 }, "\(times)")
        #expect(late.count > 10, "\(times)")
    }

    @Test(arguments: [SamplingPolicy.every(seconds: 0.1), .keyFrames(promise: 3)])
    func `a recovery point makes good what was lost`(sampling: SamplingPolicy) throws {
        let folder = try TemporaryFolder()
        let clip = try clip("clip.mp4", in: folder, every: 2)
        let clean = try pictures(clip, .every(seconds: 0.1))
        let seen = try pictures(Footage.spoil(clip, in: folder, from: 20, to: 22, everyNthByte: 40), sampling)
        for (time, picture) in seen { #expect(meanDifference(picture, try #require(clean[time])) < 2, "at \(time)") }
        let times = seen.keys.sorted()
        #expect(times.contains { $0 > 220 && $0 < 300 } && times.contains { $0 > 560 }, "\(times)")
    }
}
