import CFFmpeg
import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Video

/// A device that decodes in software, into a device's format and without what only software knows, and fails as it is told.
final class ScriptedDevice: DeviceDecoder, @unchecked Sendable {
    enum Deed: Sendable {
        case well
        case failing
        /// It says itself that a picture is not whole.
        case torn
        /// Its pictures are smaller than they should be.
        case small
        case withoutColours
    }

    private let decoder: PictureDecoder
    private let next: @Sendable () -> Deed

    init(_ announcement: StreamAnnouncement, next: @escaping @Sendable () -> Deed) throws {
        decoder = try PictureDecoder(announcement)
        self.next = next
    }

    func decode(
        _ packet: UnsafeMutablePointer<AVPacket>, into picture: UnsafeMutablePointer<AVFrame>
    ) throws(FFmpegError) {
        let deed = next()
        let fault = FFmpegError(operation: "ask a scripted device", code: ffAVERROR_INVALIDDATA)
        guard deed != .failing else { throw fault }
        var frame = av_frame_alloc()
        defer {
            av_frame_free(&frame)
            decoder.reset()
        }
        guard let whole = frame, decoder.send(packet) else { throw fault }
        decoder.drain()
        guard decoder.receive(whole) == 0, !ffIsDamaged(whole) else { throw fault }
        let less: Int32 = deed == .small ? 16 : 0
        picture.pointee.format = AV_PIX_FMT_NV12.rawValue
        picture.pointee.width = whole.pointee.width
        picture.pointee.height = whole.pointee.height - less
        try FFmpegError.check(av_frame_get_buffer(picture, 0), "allocate a picture")
        try FFmpegError.check(av_frame_copy_props(picture, whole), "copy a picture")
        Self.copy(whole, to: picture, isGrey: deed == .withoutColours)
        picture.pointee.color_range = AVCOL_RANGE_UNSPECIFIED
        picture.pointee.colorspace = AVCOL_SPC_UNSPECIFIED
        picture.pointee.sample_aspect_ratio = AVRational(num: 0, den: 1)
        if deed == .torn { picture.pointee.flags |= AV_FRAME_FLAG_CORRUPT }
    }

    /// From three planes to two.
    private static func copy(
        _ source: UnsafePointer<AVFrame>, to target: UnsafePointer<AVFrame>, isGrey: Bool
    ) {
        let (data, strides) = (source.pointee.data, source.pointee.linesize)
        let (targets, targetStrides) = (target.pointee.data, target.pointee.linesize)
        guard let luma = data.0, let blue = data.1, let red = data.2, let bright = targets.0, let colours = targets.1
        else { return }
        let (width, height) = (Int(target.pointee.width), Int(target.pointee.height))
        for row in 0..<height {
            (bright + row * Int(targetStrides.0)).update(from: luma + row * Int(strides.0), count: width)
        }
        for row in 0..<height / 2 {
            for column in 0..<width / 2 {
                let pair = colours + row * Int(targetStrides.1) + 2 * column
                pair[0] = isGrey ? 128 : blue[row * Int(strides.1) + column]
                pair[1] = isGrey ? 128 : red[row * Int(strides.2) + column]
            }
        }
    }
}

/// Decoding by devices. No device is needed: what is held is what becomes of a device that is absent, fails or errs.
@Suite(.heavy) struct HardwareDecodingTests {
    /// What was asked, done and said.
    private final class Log: Sendable {
        private struct State {
            var opened: [DecodingDevice] = []
            var decoded = 0
            var lines: [String] = []
        }

        private let state = Mutex(State())

        var opened: [DecodingDevice] { state.withLock(\.opened) }
        var decoded: Int { state.withLock(\.decoded) }
        var lines: [String] { state.withLock(\.lines) }

        func note(opened device: DecodingDevice) { state.withLock { $0.opened.append(device) } }
        func note(line: String) { state.withLock { $0.lines.append(line) } }
        /// The number of the next picture, from 1.
        func countPicture() -> Int {
            state.withLock { state in
                state.decoded += 1
                return state.decoded
            }
        }
    }

    private let folder: TemporaryFolder
    private let log = Log()

    init() throws { folder = try TemporaryFolder() }

    /// - Parameters:
    ///   - budget: bytes for what devices keep.
    ///   - deed: of the picture with this number, over all devices.
    private func devices(
        absent: Set<DecodingDevice> = [], budget: Int = .max,
        _ deed: @escaping @Sendable (Int) -> ScriptedDevice.Deed = { _ in .well }
    ) -> DecodingDevices {
        let devices = DecodingDevices(budget: DecodingBudget(bytes: budget)) { [log] device, announcement in
            log.note(opened: device)
            guard !absent.contains(device) else { throw DeviceRefusal(reason: "there is none", isForAll: true) }
            return try ScriptedDevice(announcement) { deed(log.countPicture()) }
        }
        devices.lines.set { [log] in log.note(line: $0) }
        return devices
    }

    private func pool(_ devices: DecodingDevices) -> DecoderPool { DecoderPool(kept: 2, devices: devices) }

    /// A camera that plays a clip as fast as it is read.
    private func source(_ path: String, _ pool: DecoderPool, _ way: DecodingWay = .vaapi) throws -> VideoSource {
        var options = VideoSource.Options()
        options.clip = PacedClip(try MemoryClip(path: path), clocks: .hasty())
        options.decoders = pool
        options.decoding = way
        return try VideoSource(CameraURL(path), options: options, deadline: ReadDeadline())
    }

    private struct Seen {
        var times: [Double] = []
        var sizes: [[Int]] = []
        /// Those that the device has made.
        var fromDevice: [Bool] = []
        var colours: [[UInt8]] = []
    }

    private func look(_ count: Int, at source: VideoSource) throws -> Seen {
        var seen = Seen()
        var scaler = Scaler(width: 64, height: 36, format: .rgb)
        while seen.times.count < count, let picture = try source.next() {
            let frame = Frame(
                taking: picture.raw, time: MediaTime(picture.pts), date: .distantPast, shape: picture.shape)
            seen.times.append(frame.time.seconds)
            seen.sizes.append([frame.width, frame.height])
            seen.fromDevice.append(frame.raw.pointee.format == AV_PIX_FMT_NV12.rawValue)
            seen.colours.append(try scaler.scale(frame) { Array($0) })
        }
        return seen
    }

    /// The same pictures at the same times, and next to the same colours.
    private func expectSame(_ seen: Seen, _ other: Seen, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(seen.times == other.times && seen.sizes == other.sizes, sourceLocation: sourceLocation)
        for (index, (one, two)) in zip(seen.colours, other.colours).enumerated() {
            let difference = zip(one, two).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
            #expect(
                difference < 2 * one.count, "picture \(index) of \(seen.times) \(seen.fromDevice)",
                sourceLocation: sourceLocation)
        }
    }

    private func software(_ count: Int, of path: String) throws -> Seen {
        try look(count, at: source(path, pool(devices()), .software))
    }

    /// Behind start codes, with three key frames.
    private func stream(
        _ name: String = "street", size: (Int, Int) = (320, 180), codec: Footage.Codec = .h264
    ) throws -> String {
        let clip = try Footage.makeTestClip(in: folder, seconds: 6, size: size, codec: codec)
        let path = folder.file("\(name).\(codec == .h264 ? "h264" : "hevc")").path
        try Footage.ffmpeg(["-nostdin", "-v", "error", "-i", clip, "-c", "copy", path], "take \(clip) apart")
        return path
    }

    @Test func `who asks for software asks no device`() throws {
        let seen = try software(3, of: try stream())
        #expect(seen.fromDevice == [false, false, false] && log.opened.isEmpty && log.lines.isEmpty)
    }

    @Test(arguments: [Footage.Codec.h264, .h265])
    func `a device's pictures are those of software, which makes only the first one as well`(
        codec: Footage.Codec
    ) throws {
        let path = try stream(codec: codec)
        let seen = try look(6, at: source(path, pool(devices())))
        expectSame(seen, try software(6, of: path))
        #expect(seen.fromDevice == [false, true, true, true, true, true])
        #expect(log.decoded == 6 && log.opened == [.vaapi])
        #expect(log.lines.count == 1 && log.lines.first?.hasPrefix("vaapi decodes") == true, "\(log.lines)")
    }

    @Test func `a device that is absent is asked once and said once, and all cameras are decoded in software`() throws {
        let small = try stream("small")
        let large = try stream("large", size: (640, 360))
        let pool = pool(devices(absent: [.vaapi]))
        for path in [small, large] {
            let seen = try look(3, at: source(path, pool))
            expectSame(seen, try software(3, of: path))
            #expect(seen.fromDevice == [false, false, false])
        }
        #expect(log.opened == [.vaapi])
        #expect(log.lines.count == 1 && log.lines.first?.contains("there is none") == true, "\(log.lines)")
    }

    @Test func `auto takes the second device where the first is absent`() throws {
        let small = try stream("small")
        let large = try stream("large", size: (640, 360))
        let pool = pool(devices(absent: [.vaapi]))
        for path in [small, large] {
            #expect(try look(3, at: source(path, pool, .auto)).fromDevice == [false, true, true])
        }
        #expect(log.opened == [.vaapi, .v4l2m2m, .v4l2m2m])
        #expect(log.lines.count == 2, "\(log.lines)")
    }

    @Test(arguments: [ScriptedDevice.Deed.failing, .torn, .small, .withoutColours])
    func `a device that errs at its first picture loses none, and is not asked for that stream again`(
        deed: ScriptedDevice.Deed
    ) throws {
        let path = try stream()
        let pool = pool(devices { _ in deed })
        let seen = try look(4, at: source(path, pool))
        expectSame(seen, try software(4, of: path))
        #expect(!seen.fromDevice.contains(true) && log.decoded == 1 && log.opened == [.vaapi])
        #expect(
            log.lines.count == 1 && log.lines.first?.contains("a stream of 320x180 in h264") == true, "\(log.lines)")
        // Another camera that announces the same, and one that does not: one line for the device.
        _ = try look(2, at: source(path, pool))
        #expect(log.opened == [.vaapi])
        _ = try look(2, at: source(try stream("large", size: (640, 360)), pool))
        #expect(log.opened == [.vaapi, .vaapi] && log.lines.count == 1)
    }

    @Test(arguments: [ScriptedDevice.Deed.failing, .torn, .small])
    func `a device that fails in the middle loses no picture, and its stream goes on in software`(
        deed: ScriptedDevice.Deed
    ) throws {
        let path = try stream()
        let seen = try look(6, at: source(path, pool(devices { $0 < 3 ? .well : deed })))
        expectSame(seen, try software(6, of: path))
        #expect(seen.fromDevice == [false, true, false, false, false, false])
        #expect(log.decoded == 3 && log.opened == [.vaapi] && log.lines.count == 2, "\(log.lines)")
    }

    @Test func `a stream that changes its size stays with the device`() throws {
        let bytes = try [stream("small"), stream("large", size: (640, 360))].map {
            try Data(contentsOf: URL(filePath: $0))
        }
        let joined = folder.file("joined.h264").path
        try (bytes[0] + bytes[1]).write(to: URL(filePath: joined))
        let seen = try look(6, at: source(joined, pool(devices())))
        expectSame(seen, try software(6, of: joined))
        #expect(seen.fromDevice == [false, true, true, false, true, true] && log.lines.count == 1, "\(log.lines)")
    }

    @Test func `a key frame that software cannot decode either is not the device's fault`() throws {
        let path = try stream()
        var bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
        let slices = bytes.indices.dropLast(3).filter {
            bytes[$0] == 0 && bytes[$0 + 1] == 0 && bytes[$0 + 2] == 1 && bytes[$0 + 3] & 31 == 5
        }
        #expect(slices.count == 3)
        // Of the second one, behind its head.
        for place in slices[1] + 400..<slices[1] + 480 { bytes[place] = 0xFF }
        try Data(bytes).write(to: URL(filePath: path))
        let seen = try look(5, at: source(path, pool(devices())))
        expectSame(seen, try software(5, of: path))
        #expect(seen.fromDevice == [false, false, true, false, true])
        #expect(log.lines.count == 1, "\(log.lines)")
    }

    @Test func `where there is no room for what a device keeps software decodes`() throws {
        let path = try stream()
        let bytes = 320 * 180 * 3 / 2 * VAAPIDecoder.surfaces
        #expect(try look(3, at: source(path, pool(devices(budget: bytes - 1)))).fromDevice == [false, false, false])
        #expect(log.opened.isEmpty && log.lines.isEmpty)
        let budget = devices(budget: bytes)
        for _ in 0..<2 {
            // The room of the first one is given back.
            #expect(try look(3, at: source(path, pool(budget))).fromDevice == [false, true, true])
        }
    }

    @Test func `a device that has failed at several streams is not asked any more`() throws {
        var options = VideoSource.Options()
        options.decoding = .vaapi
        let first = try Demuxer(CameraURL(try stream()), options: options, deadline: ReadDeadline()).announcement
        let devices = DecodingDevices(budget: DecodingBudget(bytes: .max)) { [log] device, _ in
            log.note(opened: device)
            throw DeviceRefusal(reason: "it does not know them")
        }
        for number in 0..<DecodingDevices.mostRefused {
            let units: [UInt8] = [0, 0, 1, 0x67, UInt8(number + 1), 0, 0, 1, 0x68, 1]
            let sets = units.withUnsafeBytes { ParameterSets(beforePictureIn: $0, of: AV_CODEC_ID_H264) }
            let announcement = try first.replacing(#require(sets))
            for _ in 0..<2 {
                let isRefused = devices.open(announcement) == nil
                #expect(isRefused)
            }
        }
        #expect(log.opened.count == DecodingDevices.mostRefused)
        let isRefused = devices.open(first) == nil
        #expect(isRefused && log.opened.count == DecodingDevices.mostRefused)
    }

    @Test func `a folder without devices, and a file that is none, are told apart from a device`() throws {
        func reason(_ body: () throws -> Void) -> String? {
            do { try body() } catch { return (error as? DeviceRefusal).flatMap { $0.isForAll ? $0.reason : nil } }
            return nil
        }
        #expect(reason { _ = try GraphicsProcessor(in: folder.url.path) }?.contains("no render device") == true)
        let announcement = try Demuxer(
            CameraURL(try stream()), options: VideoSource.Options(), deadline: ReadDeadline()
        ).announcement
        #expect(
            reason { _ = try V4L2Decoder(announcement, in: folder.url.path) }?.contains("no video device") == true)
        let path = folder.file("renderD128")
        try Data().write(to: path)
        #expect(reason { _ = try GraphicsProcessor(in: folder.url.path) }?.contains(path.path) == true)
    }
}
