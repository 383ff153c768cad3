import Domain
import TestSupport
import Testing

@testable import Video

/// The parts by which receiving and decoding are measured.
@Suite(.waiting) struct KeyFramesTests {
    @Test(arguments: [Footage.Codec.h264, .h265])
    func `the key frames of one round are found, and decode again and again`(codec: Footage.Codec) throws {
        let folder = try TemporaryFolder()
        let clip = try MemoryClip(
            path: try Footage.makeTestClip(in: folder, seconds: 6, size: (320, 180), codec: codec, gop: 10))
        let keys = try KeyFrames(clip)
        #expect(keys.count == 6 && abs(keys.interval - 1) < 1e-6 && keys.intervalBytes > 0)
        for index in 0..<8 {
            let frame = try keys.frame(index, at: MediaTime(Double(index)))
            #expect((frame.width, frame.height, frame.time) == (320, 180, MediaTime(Double(index))))
            #expect(frame.isKeyFrame && frame.bytes == 320 * 180 * 3 / 2)
            try keys.decodeAlone(index)
            try keys.decodeAlone(index, isFiltered: false)
        }
        let receiver = try PacketReceiver(clip)
        // The first call ends with the first packet.
        try receiver.receive()
        let rounds = try (0..<12).map { _ in try receiver.receive() }
        #expect(rounds[0..<6].reduce(0, +) == rounds[6...].reduce(0, +))
        #expect(rounds[0..<6].reduce(0, +) / 6 == keys.intervalBytes)
    }
}
