import CFFmpeg
import Domain
import Foundation
import TestSupport
import Testing
import Threading

@testable import Video

@Suite(.heavy) struct DecoderPoolTests {
    private let folder: TemporaryFolder
    private let pool = DecoderPool(kept: 2)

    init() throws { folder = try TemporaryFolder() }

    /// A camera that plays a clip as fast as it is read.
    private func source(_ path: String, looks: SamplingPolicy = .keyFrames(promise: 3)) throws -> VideoSource {
        var options = VideoSource.Options()
        options.clip = PacedClip(try MemoryClip(path: path), clocks: .hasty())
        options.decoders = pool
        options.sampling = looks
        return try VideoSource(CameraURL(path), options: options, deadline: ReadDeadline())
    }

    private struct NoPicture: Error {}

    private func picture(_ source: VideoSource) throws -> Frame {
        guard let picture = try source.next() else { throw NoPicture() }
        return Frame(
            taking: picture.raw, time: MediaTime(picture.pts), date: .distantPast, shape: picture.shape,
            remarks: picture.remarks, key: picture.key)
    }

    /// In its own size.
    private func pixels(_ frame: Frame) throws -> [UInt8] {
        var scaler = Scaler(width: frame.width, height: frame.height, format: .rgb)
        return try scaler.scale(frame) { Array($0) }
    }

    /// Behind start codes, as streams are: with sets of parameters before each key frame.
    private func stream(_ name: String, size: (Int, Int), codec: Footage.Codec = .h264) throws -> String {
        let clip = try Footage.makeTestClip(in: folder, seconds: 6, size: size, codec: codec)
        let path = folder.file("\(name)-\(codec).\(codec == .h264 ? "h264" : "hevc")").path
        try Footage.ffmpeg(["-nostdin", "-v", "error", "-i", clip, "-c", "copy", path], "take \(clip) apart")
        return path
    }

    @Test func `cameras that announce the same take turns in one decoder`() throws {
        let path = try stream("street", size: (320, 180))
        let first = try source(path)
        let second = try source(path)
        for _ in 0..<6 { _ = (try picture(first), try picture(second)) }
        #expect(pool.opened == 1)
    }

    @Test(arguments: [Footage.Codec.h264, .h265]) func `a shared decoder gives the pictures that one of its own gives`(
        codec: Footage.Codec
    ) throws {
        let small = try stream("small", size: (320, 180), codec: codec)
        let large = try stream("large", size: (640, 360), codec: codec)
        let first = try source(small)
        let second = try source(large)
        var shared: [[UInt8]] = []
        for _ in 0..<3 { shared += [try pixels(picture(first).whole()), try pixels(picture(second).whole())] }
        var alone: [[UInt8]] = []
        var smalls = try Recording(path: small, sampling: .keyFrames(promise: 3))
        var larges = try Recording(path: large, sampling: .keyFrames(promise: 3))
        for _ in 0..<3 {
            for frame in [try smalls.next(), try larges.next()] { alone.append(try pixels(#require(frame))) }
        }
        #expect(pool.opened == 2)
        #expect(shared == alone)
    }

    @Test func `a stream that changes its size is decoded in the new one, and another camera as before`() throws {
        let small = try stream("small", size: (320, 180))
        let joined = folder.file("joined.h264").path
        let bytes = try [small, stream("large", size: (640, 360))].map { try Data(contentsOf: URL(filePath: $0)) }
        try (bytes[0] + bytes[1]).write(to: URL(filePath: joined))
        let changing = try source(joined)
        let steady = try source(small)
        var widths: [[Int]] = [[], []]
        for _ in 0..<6 {
            widths[0].append(try picture(changing).width)
            widths[1].append(try picture(steady).width)
        }
        #expect(widths == [[320, 320, 320, 640, 640, 640], Array(repeating: 320, count: 6)])
    }

    /// With the edges of blocks, which the loop filter smooths.
    private func coarse(_ codec: Footage.Codec) throws -> String {
        let keys = "keyint=20:min-keyint=20:scenecut=0:bframes=0"
        let options = codec == .h264 ? ["-x264-params", keys] : ["-x265-params", keys + ":qp=40:log-level=error"]
        return try MadeClip.make(
            "coarse.\(codec == .h264 ? "h264" : "hevc")", in: folder,
            [
                "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10:duration=4", "-c:v", codec.rawValue, "-preset",
                "veryfast", "-qp", "40", "-pix_fmt", "yuv420p", "-threads", "3",
            ] + options)
    }

    @Test(arguments: [Footage.Codec.h264, .h265])
    func `what is looked at lacks the loop filter, and what is kept of it is whole`(codec: Footage.Codec) throws {
        let path = try coarse(codec)
        let seen = try picture(source(path))
        let key = try #require(seen.key)
        let kept = try key.frame(date: Date(timeIntervalSince1970: 7))
        var recording = try Recording(path: path, sampling: .keyFrames(promise: 3))
        let first = try recording.next()
        let alone = try pixels(#require(first))
        #expect(try pixels(kept) == alone)
        #expect(try pixels(seen.whole()) == alone)
        let hasty = try pixels(seen)
        let difference = zip(hasty, alone).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        #expect(difference > 0 && difference < 5 * alone.count, "\(difference) in \(alone.count)")
        #expect((kept.width, kept.height, kept.date.timeIntervalSince1970) == (320, 180, 7))
        #expect(key.bytes > 0 && key.bytes < 320 * 180)
        // One decoder for both.
        #expect(pool.opened == 1)
    }

    /// The same stream with its second key frame spoilt behind the head of its slice.
    private func spoilt(_ path: String) throws -> String {
        var bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
        let slices = bytes.indices.dropLast(3).filter {
            bytes[$0] == 0 && bytes[$0 + 1] == 0 && bytes[$0 + 2] == 1 && bytes[$0 + 3] & 31 == 5
        }
        for place in slices[1] + 400..<slices[1] + 480 { bytes[place] = 0xFF }
        let spoilt = folder.file("spoilt.h264").path
        try Data(bytes).write(to: URL(filePath: spoilt))
        return spoilt
    }

    @Test(arguments: [true, false]) func `a spoilt key frame changes nothing of the next one`(isShared: Bool) throws {
        let path = try stream("street", size: (320, 180))
        func third(of path: String) throws -> [UInt8] {
            if isShared {
                let source = try source(path)
                while true {
                    let frame = try picture(source)
                    if frame.time.seconds >= 3.9 { return try pixels(frame) }
                }
            }
            var recording = try Recording(path: path, sampling: .every(seconds: 0.1))
            while let frame = try recording.next() {
                if frame.time.seconds >= 3.95 { return try pixels(frame) }
            }
            throw NoPicture()
        }
        #expect(try third(of: spoilt(path)) == third(of: path))
    }

    @Test func `what a decoder of the camera's own gives is whole as it is`() throws {
        let source = try source(coarse(.h264), looks: .every(seconds: 0.1))
        let isWhole = try picture(source).key == nil
        #expect(isWhole)
    }
}

@Suite struct ParameterSetsTests {
    private func sets(_ units: [[UInt8]], _ codec: AVCodecID = AV_CODEC_ID_H264) -> ParameterSets? {
        Array(units.map { [0, 0, 1] + $0 }.joined()).withUnsafeBytes { ParameterSets(beforePictureIn: $0, of: codec) }
    }

    private let sequence: [UInt8] = [0x67, 1, 2], picture: [UInt8] = [0x68, 3], slice: [UInt8] = [0x65, 9, 9]

    @Test func `the sets before the first slice are taken, and nothing behind it or between them`() throws {
        let found = try #require(sets([[0x09, 0xF0], sequence, [0x06, 5], picture + [0, 0], slice, [0x67, 7]]))
        #expect(found.isComplete)
        #expect(found.bytes == [0, 0, 0, 1] + sequence + [0, 0, 0, 1] + picture)
        #expect(try #require(sets([slice])).bytes.isEmpty)
    }

    @Test func `the picture behind them begins a stream, or does not`() throws {
        #expect(try #require(sets([sequence, slice])).isBeforeStart)
        for units in [[sequence, [0x41, 9]], [sequence, picture]] {
            #expect(try !#require(sets(units)).isBeforeStart)
        }
        // IDR, BLA and CRA of H.265, and two that are none.
        for (header, isStart) in [(0x26, true), (0x20, true), (0x2A, true), (0x02, false), (0x2C, false)] {
            let found = sets([[UInt8(header), 1, 9]], AV_CODEC_ID_HEVC)
            #expect(try #require(found).isBeforeStart == isStart, "\(header)")
        }
    }

    @Test func `a packet without sets gets those of the stream, and one with them is left`() throws {
        let known = try #require(sets([sequence, picture]))
        func completed(_ bytes: [UInt8]) throws -> [UInt8] {
            var packet = av_packet_alloc()
            defer { av_packet_free(&packet) }
            let given = try #require(packet)
            try FFmpegError.check(av_new_packet(given, Int32(bytes.count)), "make a packet")
            given.pointee.data.update(from: bytes, count: bytes.count)
            given.pointee.pts = 7
            var whole: UnsafeMutablePointer<AVPacket>? = try V4L2Decoder.complete(
                given, with: known, of: AV_CODEC_ID_H264)
            defer { av_packet_free(&whole) }
            let made = try #require(whole)
            #expect(made.pointee.pts == 7)
            return Array(UnsafeBufferPointer(start: made.pointee.data, count: Int(made.pointee.size)))
        }
        let bare: [UInt8] = [0, 0, 1] + slice
        #expect(try completed(bare) == known.bytes + bare)
        #expect(try completed(known.bytes + bare) == known.bytes + bare)
    }

    @Test func `sets without a picture behind them are whole up to the end`() throws {
        let found = try #require(sets([sequence, picture]))
        #expect(found.bytes == [0, 0, 0, 1] + sequence + [0, 0, 0, 1] + picture)
    }

    @Test func `H.265 needs a set of three kinds`() throws {
        let units: [[UInt8]] = [[0x40, 1, 1], [0x42, 1, 2], [0x44, 1, 3]]
        #expect(try #require(sets(units + [[0x26, 1, 9]], AV_CODEC_ID_HEVC)).isComplete)
        for left in units.indices {
            var some = units
            some.remove(at: left)
            #expect(try !#require(sets(some, AV_CODEC_ID_HEVC)).isComplete)
        }
    }

    @Test func `a stream holds the sets that it has told, and no changed one`() throws {
        let known = try #require(sets([sequence, picture]))
        #expect(try known.holds(#require(sets([picture, slice]))) && known.holds(#require(sets([slice]))))
        #expect(try !known.holds(#require(sets([[0x67, 1, 3], slice]))))
    }

    @Test func `more sets than a stream can have, and another codec, give none`() {
        #expect(sets(Array(repeating: sequence, count: 400) + [slice]) == nil)
        #expect(sets([sequence, picture], AV_CODEC_ID_MJPEG) == nil)
    }
}
