import Domain
import Foundation
import TestSupport
import Testing

@testable import Video

/// Streams whose key frames do not come at even distances: scene cuts, codecs that send fewer where nothing moves.
@Suite(.waiting(minutes: 3)) struct VaryingGroupTests {
    private static let sampling = SamplingPolicy.keyFrames(promise: 3, interval: 2)

    private func looks(_ clip: String, _ sampling: SamplingPolicy = sampling) throws -> [(
        time: Double, picture: [UInt8]
    )] {
        var recording = try Recording(path: clip, sampling: sampling)
        var scaler = Scaler(width: 64, height: 36, format: .grey)
        var looks: [(time: Double, picture: [UInt8])] = []
        while let frame = try recording.next() {
            looks.append((frame.time.seconds, try scaler.scale(frame) { Array($0) }))
        }
        return looks
    }

    private func longestGap(_ times: [Double], until end: Double) -> Double {
        zip(times + [end], [0] + times).map { $0 - $1 }.max() ?? end
    }

    @Test(arguments: [[0.0, 2], [0, 2, 4, 6, 8, 10], [0, 2, 4, 34, 36, 38, 40, 42, 44], [0, 5, 10]], [0, 2])
    func `a long group after short ones keeps the promise`(keys: [Double], reordered: Int) throws {
        let folder = try TemporaryFolder()
        let clip = try MadeClip.make("clip.mp4", in: folder, seconds: 60, keysAt: keys, ["-bf", "\(reordered)"])
        let seen = try looks(clip)
        #expect(longestGap(seen.map(\.time), until: 60) <= 3.11, "\(seen.map(\.time))")
        #expect(zip(seen.dropFirst(), seen).allSatisfy { $0.time > $1.time })
        #expect(seen.count <= 32)
        // What is decoded late is decoded whole.
        let all = Dictionary(uniqueKeysWithValues: try looks(clip, .every(seconds: 0)).map { ($0.time, $0.picture) })
        for look in seen { #expect(all[look.time] == look.picture, "\(look.time)") }
    }

    @Test func `a stream of one picture a second keeps the promise`() throws {
        let folder = try TemporaryFolder()
        let clip = try MadeClip.make(
            "clip.mp4", in: folder, seconds: 40, keysAt: [0, 2], ["-r", "1", "-bf", "2"])
        let times = try looks(clip).map(\.time)
        #expect(longestGap(times, until: 40) <= 3.01, "\(times)")
        #expect(zip(times.dropFirst(), times).allSatisfy { $0 > $1 })
    }

    @Test func `a group that does not fit into the memory is decoded at once`() throws {
        let folder = try TemporaryFolder()
        // About 7 Mb a second; 16 MB of it are 18 seconds.
        let clip = try MadeClip.make(
            "clip.mp4", in: folder,
            [
                "-f", "lavfi", "-i", "nullsrc=size=640x360:rate=10:duration=60,geq=random(1)*255:128:128", "-c:v",
                "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", "0", "-g", "100000", "-sc_threshold",
                "0", "-force_key_frames", "0,2", "-qp", "30",
            ])
        let size = try #require(try FileManager.default.attributesOfItem(atPath: clip)[.size] as? Int)
        try #require(size > 40 << 20)
        let times = try looks(clip, .keyFrames(promise: 50)).map(\.time)
        #expect(times.count == 3 && times[2] <= 52.01, "\(times)")
    }
}
