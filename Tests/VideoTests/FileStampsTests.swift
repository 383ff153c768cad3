import CFFmpeg
import Domain
import Foundation
import TestSupport
import Testing

@testable import Video

@Suite(.waiting(minutes: 3)) struct FileStampsTests {
    private func times(_ clip: String, _ sampling: SamplingPolicy) throws -> [Double] {
        var recording = try Recording(path: clip, sampling: sampling)
        var times: [Double] = []
        while let frame = try recording.next() { times.append(frame.time.seconds) }
        return times
    }

    @Test(arguments: ["0", "2"]) func `a raw stream is timed by its rate`(reordered: String) throws {
        let folder = try TemporaryFolder()
        let clip = try MadeClip.make(
            "clip.h264", in: folder,
            MadeClip.pattern(50) + ["-bf", reordered, "-g", "20", "-sc_threshold", "0", "-f", "h264"])
        let looks = try times(clip, .keyFrames(promise: 3))
        #expect(looks.count == 25)
        #expect(zip(looks.dropFirst(), looks).allSatisfy { abs($0 - $1 - 2) < 0.31 }, "\(looks)")
        let all = try times(clip, .every(seconds: 0))
        #expect(all.count >= 490 && zip(all.dropFirst(), all).allSatisfy { $0 >= $1 })
        #expect(abs((all.last ?? 0) - 49.9) < 0.3)
    }

    @Test func `joined files go on where the first ended`() throws {
        let folder = try TemporaryFolder()
        let parts = try [12.0, 7].map { seconds in
            try MadeClip.make(
                "part\(seconds).ts", in: folder,
                MadeClip.pattern(seconds) + ["-bf", "2", "-g", "20", "-sc_threshold", "0"])
        }
        var bytes = Data()
        for part in parts { bytes += try Data(contentsOf: URL(filePath: part)) }
        let clip = folder.file("joined.ts")
        try bytes.write(to: clip)
        for sampling in [SamplingPolicy.every(seconds: 0), .keyFrames(promise: 3)] {
            let seen = try times(clip.path, sampling)
            #expect(zip(seen.dropFirst(), seen).allSatisfy { $0 > $1 }, "\(seen)")
            let first = try #require(seen.first)
            #expect(abs((seen.last ?? 0) - first - (sampling == .every(seconds: 0) ? 18.9 : 18)) < 0.3, "\(seen)")
            #expect(try times(clip.path, sampling) == seen)
        }
    }

    @Test func `what a file says of its times is not changed`() throws {
        let folder = try TemporaryFolder()
        let clip = try MadeClip.make(
            "clip.mp4", in: folder, MadeClip.pattern(6) + ["-bf", "2"])
        let seen = try times(clip, .every(seconds: 0))
        #expect(seen.count == 60)
        for (index, time) in seen.enumerated() { #expect(abs(time - (seen[0] + Double(index) / 10)) < 0.001) }
    }

    @Test func `a minute between two looks is no time without pictures where these are shown in another order`() throws
    {
        let folder = try TemporaryFolder()
        let clip = try MadeClip.make(
            "clip.mp4", in: folder,
            MadeClip.pattern(130, size: "64x36") + ["-bf", "3", "-b_strategy", "0", "-g", "20", "-sc_threshold", "0"])
        #expect(try times(clip, .keyFrames(promise: 60, interval: 60)) == [0, 60, 120])
    }

    @Test func `stamps that begin late or jump never go back`() {
        var random = SeededGenerator(seed: 6)
        for _ in 0..<200 {
            var stamps = FileStamps(
                timeBase: AVRational(num: 1, den: 1000), rates: [AVRational(num: 10, den: 1)])
            var (own, last) = (Int64.random(in: -9000...9000, using: &random), Int64?.none)
            var areStamped = Bool.random(using: &random)
            for _ in 0..<200 {
                own &+= 100
                if Int.random(in: 0..<50, using: &random) == 0 {
                    own = [0, -5000, .max, .min + 1].randomElement(using: &random) ?? 0
                }
                if Int.random(in: 0..<20, using: &random) == 0 { areStamped = true }
                var packet = AVPacket()
                packet.dts = areStamped ? own : ffNOPTS
                packet.pts = packet.dts
                stamps.mend(&packet)
                #expect(packet.dts != ffNOPTS)
                // At the end of all numbers they wrap.
                if let last, abs(last) < 1 << 40, abs(packet.dts) < 1 << 40 { #expect(packet.dts >= last) }
                last = packet.dts
            }
        }
    }
}
