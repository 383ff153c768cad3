import Domain
import Foundation
import TestSupport
import Testing

@testable import Video

/// Bytes that a camera or the network has spoilt, and streams that change on the way.
@Suite(.waiting(minutes: 3)) struct DamagedStreamTests {
    /// The pictures of a clip, small, by their time in tenths of a second.
    private func pictures(_ clip: String, _ sampling: SamplingPolicy) throws -> [Int: [UInt8]] {
        var recording = try Recording(path: clip, sampling: sampling)
        var scaler = Scaler(width: 64, height: 36, format: .grey)
        var pictures: [Int: [UInt8]] = [:]
        while let frame = try recording.next() {
            pictures[Int((frame.time.seconds * 10).rounded())] = try scaler.scale(frame) { Array($0) }
        }
        return pictures
    }

    /// The H.264 decoder says which parts of a picture it had to invent. (That of H.265 hardly ever does: there the
    /// judgement of the picture itself has to do.)
    @Test(arguments: [SamplingPolicy.keyFrames(promise: 3), .every(seconds: 0.3)])
    func `a picture that comes out of spoilt bytes is whole`(sampling: SamplingPolicy) throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 24, gop: 20)
        let clean = try pictures(clip, .every(seconds: 0.1))
        for amount in [40, 400, 3000] {
            let spoilt = try Footage.spoil(clip, in: folder, from: 6, to: 14, everyNthByte: amount)
            let seen = try pictures(spoilt, sampling)
            for (time, picture) in seen {
                let original = try #require(clean[time])
                #expect(meanDifference(picture, original) < 2, "1 in \(amount) at \(time)")
            }
            let times = seen.keys.sorted()
            #expect(times.contains { $0 < 60 } && times.contains { $0 > 160 }, "1 in \(amount): \(times)")
        }
    }

    @Test(arguments: [Footage.Codec.h264, .h265])
    func `a stream of rubbish is a fault and not a crash`(codec: Footage.Codec) throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 60, size: (320, 180), codec: codec, gop: 20)
        let spoilt = try Footage.spoil(clip, in: folder, from: 2, to: 60, everyNthByte: 3)
        do {
            _ = try pictures(spoilt, .keyFrames(promise: 3))
            // H.265 may give out something for every packet.
            #expect(codec == .h265)
        } catch let error as VideoError {
            #expect(error.description.contains("no whole picture"))
        }
    }

    @Test func `a stream whose resolution changes goes on`() throws {
        let folder = try TemporaryFolder()
        let stream = try Footage.join(
            [
                try Footage.makeTestClip(in: folder, seconds: 6),
                try Footage.makeTestClip(in: folder, seconds: 6, size: (1280, 720)),
            ], in: folder)
        for sampling in [SamplingPolicy.keyFrames(promise: 3), .every(seconds: 0.5)] {
            var recording = try Recording(path: stream, sampling: sampling)
            var widths: [Int] = []
            while let frame = try recording.next() { widths.append(frame.width) }
            #expect(Set(widths) == [640, 1280], "\(widths)")
            #expect(widths == widths.sorted())
        }
    }
}
