import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Video

/// What a camera, or somebody in its place, may try.
@Suite(.waiting) struct HostileStreamTests {
    /// All that a camera says in a short session: H.264 of 64×48, twelve pictures, each fourth a key frame.
    private func session() throws -> String {
        let path = Footage.packageRoot.appending(path: "Tests/Fuzz/corpus/rtsp/h264-gstreamer")
        // One character for each byte.
        return String(String.UnicodeScalarView(try Data(contentsOf: path).map { Unicode.Scalar($0) }))
    }

    /// A session whose description is changed.
    private func session(replacing old: String, by new: String) throws -> ScriptedCamera {
        let parts = try session().split(separator: "v=0", maxSplits: 1)
        let end = try #require(parts.last?.range(of: "RTSP/1.0"))
        let before = "v=0" + parts[1][..<end.lowerBound]
        let after = before.replacing(old, with: new)
        try #require(before != after)
        let head = parts[0].replacing(
            "Content-Length: \(before.utf8.count)", with: "Content-Length: \(after.utf8.count)")
        let script = head + after + parts[1][end.lowerBound...]
        return try ScriptedCamera(saying: script.unicodeScalars.map { UInt8($0.value) })
    }

    private func widths(_ url: String, _ options: VideoSource.Options = .init()) throws -> [Int] {
        let source = try VideoSource(CameraURL(url), options: options, deadline: ReadDeadline())
        var found: [Int] = []
        while let picture = try source.next() {
            found.append(Frame(taking: picture.raw, time: MediaTime(0), date: .distantPast).width)
        }
        return found
    }

    private func widths(_ camera: ScriptedCamera, _ options: VideoSource.Options = .init()) throws -> [Int] {
        try withExtendedLifetime(camera) { try widths(camera.url, options) }
    }

    @Test func `the probe throws no picture away`() throws {
        let bytes = try session().unicodeScalars.map { UInt8($0.value) }
        var options = VideoSource.Options()
        options.sampling = .every(seconds: 0)
        #expect(try widths(ScriptedCamera(saying: bytes), options).count == 12)
    }

    @Test func `sound is not asked for`() throws {
        let camera = try session(
            replacing: "m=video", by: "m=audio 0 RTP/AVP 0\r\na=control:2\r\nm=video")
        // The camera answers one SETUP: with another for the sound the session would fail.
        #expect(try !widths(camera).isEmpty)
    }

    @Test func `a codec that no camera needs is refused by name`() throws {
        let camera = try session(replacing: "H264/90000", by: "VP8/90000")
        let error = #expect(throws: VideoError.self) { try widths(camera) }
        #expect(error?.description.contains("VP8") == true, "\(String(describing: error))")
    }

    @Test func `streams that nothing has described are not taken`() throws {
        let camera = try session(replacing: "RTP/AVP 96", by: "RTP/AVP 33")
        let error = #expect(throws: VideoError.self) { try widths(camera) }
        #expect(error?.description.contains("names no video") == true, "\(String(describing: error))")
    }

    /// A camera that answers the first question with a redirection.
    private func redirection(to address: String) throws -> ScriptedCamera {
        try ScriptedCamera(saying: Array("RTSP/1.0 302 Moved\r\nCSeq: 1\r\nLocation: \(address)\r\n\r\n".utf8))
    }

    @Test(arguments: [
        ("rtsp://localhost:%d/", "localhost"), ("rtsp://127.0.0.1:1@localhost:%d/", "localhost"),
        ("rtsps://127.0.0.1:%d/", "127.0.0.1"), ("satip://127.0.0.1:%d/", "127.0.0.1"),
        ("http://127.0.0.1:%d/", "127.0.0.1"), ("file:///etc/passwd", "no host"), ("/elsewhere", "no host"),
    ]) func `a camera that sends its caller elsewhere is not followed`(address: String, host: String) throws {
        let other = try SilentServer()
        defer { other.stop() }
        let camera = try redirection(to: address.replacing("%d", with: "\(other.port)"))
        let error = #expect(throws: VideoError.self) { try widths(camera) }
        let text = "\(String(describing: error))"
        // What is no RTSP libav refuses by itself.
        #expect(text.contains("sends its caller to \(host),") || text.contains("Invalid data"), "\(text)")
        #expect(other.heardBytes == 0)
    }

    @Test func `a camera may send its caller to another of its ports`() throws {
        let there = try ScriptedCamera(saying: try session().unicodeScalars.map { UInt8($0.value) })
        let found = try withExtendedLifetime(there) { try widths(redirection(to: there.url)) }
        #expect(!found.isEmpty)
    }

    @Test func `pictures over the limit are refused`() throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 1, size: (320, 180))
        var options = VideoSource.Options()
        options.largestPicture = 320 * 180
        #expect(try !widths(clip, options).isEmpty)
        options.largestPicture -= 1
        let error = #expect(throws: VideoError.self) { try widths(clip, options) }
        #expect(error?.description.contains("320x180 pixels are too large") == true, "\(String(describing: error))")
    }

    @Test func `pictures that grow over the limit are not decoded`() throws {
        let folder = try TemporaryFolder()
        let stream = try Footage.join(
            [
                try Footage.makeTestClip(in: folder, seconds: 3, size: (320, 180)),
                try Footage.makeTestClip(in: folder, seconds: 3, size: (640, 360)),
            ], in: folder)
        var options = VideoSource.Options()
        #expect(Set(try widths(stream, options)) == [320, 640])
        options.largestPicture = 320 * 180
        #expect(Set(try widths(stream, options)) == [320])
    }

    @Test func `the pictures of all cameras together have one budget`() throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 1, size: (320, 180))
        var options = VideoSource.Options()
        // Room for one such camera, not for two.
        options.budget = DecodingBudget(bytes: 320 * 180 * 3 / 2 * 7)
        do {
            let first = try VideoSource(CameraURL(clip), options: options, deadline: ReadDeadline())
            guard let picture = try first.next() else { throw Footage.Failed(description: "no picture came") }
            _ = Frame(taking: picture.raw, time: MediaTime(0), date: .distantPast)
            let error = #expect(throws: VideoError.self) { try widths(clip, options) }
            #expect(error?.description.contains("all cameras together") == true, "\(String(describing: error))")
        }
        #expect(try !widths(clip, options).isEmpty)
    }

    /// RTP with a header of twelve bytes.
    private func fault(_ screen: PacketScreen, _ payload: [UInt8]) -> String? {
        ([0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1] + payload).withUnsafeBytes { screen.fault(of: $0)?.cause }
    }

    /// How one unit may be packed (RFC 7798).
    private func packed(_ unit: [UInt8], _ way: String) -> [[UInt8]] {
        let kind = unit[0] >> 1
        func part(_ flags: UInt8, _ bytes: some Sequence<UInt8>) -> [UInt8] { [0x62, 1, flags | kind] + bytes }
        let middle = unit.count / 2
        switch way {
        case "alone": return [unit]
        case "with others": return [[0x60, 1, 0, 3, 0x46, 1, 0x50, 0, UInt8(unit.count)] + unit]
        case "in parts": return [part(0x80, unit[2..<middle]), part(0x40, unit[middle...])]
        case "byte by byte": return [part(0x80, [])] + unit.dropFirst(2).map { part(0, [$0]) }
        case "in another": return [[0x46, 1, 0x50, 0, 0, 1] + unit]
        // A start code that is cut in two.
        default: return [[0x62, 1, 0x80 | 35, 0x50, 0, 0], [0x62, 1, 35, 1] + unit]
        }
    }

    @Test(arguments: ["alone", "with others", "in parts", "byte by byte", "in another", "in two others"])
    func `a size that is too large is refused before libav sees it, however it is packed`(way: String) {
        for (width, height, isTaken) in [(4096, 3072, true), (8192, 4608, false), (4104, 3072, false)] {
            for layers in [1, 3] {
                let screen = PacketScreen(.h265, largestPicture: 4096 * 3072)
                let set = MadeH265.sequence(width, height, kept: 5, layers: layers)
                let faults = (packed(set, way) + packed(MadeH265.slice, "alone")).compactMap { fault(screen, $0) }
                #expect(faults.isEmpty == isTaken, "\(width)x\(height) in \(layers): \(faults)")
                #expect(isTaken || faults.first?.contains("of \(width)x\(height) pixels are too large") == true)
                #expect(!isTaken || screen.keptPictures == 5)
            }
        }
    }

    @Test(arguments: ["alone", "with others", "in parts", "byte by byte", "in another", "in two others"])
    func `more than eight sets of picture parameters are refused, and the same ones again are not`(way: String) {
        let screen = PacketScreen(.h265, largestPicture: 4096 * 3072)
        func send(_ id: Int) -> [String] {
            defer { screen.notePicture() }
            return (packed(MadeH265.picture(id), way) + packed(MadeH265.slice, "alone")).compactMap {
                fault(screen, $0)
            }
        }
        for _ in 0..<5 { for id in 0..<8 { #expect(send(id).isEmpty) } }
        #expect(send(8).first?.contains("more than 8 different sets of picture parameters") == true)
    }

    @Test func `a camera whose parameters would fill the memory is ended by name`() throws {
        let many = (0..<64).flatMap { [MadeH265.sequence(4096, 3072), MadeH265.picture($0), MadeH265.slice] }
        let error = #expect(throws: VideoError.self) { try widths(MadeH265.camera(many, times: 4)) }
        #expect(error?.cause.contains("different sets of picture parameters") == true, "\(String(describing: error))")
        let large = [MadeH265.sequence(8192, 4608), MadeH265.picture(0), MadeH265.slice]
        var options = VideoSource.Options()
        options.largestPicture = 12_600_000
        let size = #expect(throws: VideoError.self) { try widths(MadeH265.camera(large, times: 50), options) }
        #expect(size?.cause.contains("8192x4608 pixels are too large") == true, "\(String(describing: size))")
        #expect(size?.remedy.contains("raise largest_picture") == true)
        // What only the description says.
        let sets = [MadeH265.sequence(8192, 4608)].map { Data($0).base64EncodedString() }
        let described = "a=fmtp:96 sprop-sps=\(sets[0])\r\n"
        let told = #expect(throws: VideoError.self) {
            try widths(MadeH265.camera([MadeH265.slice], times: 5, described: described), options)
        }
        #expect(told?.cause.contains("8192x4608 pixels are too large") == true, "\(String(describing: told))")
        let pictures = (0..<9).map { Data(MadeH265.picture($0)).base64EncodedString() }.joined(separator: ",")
        let listed = #expect(throws: VideoError.self) {
            try widths(
                MadeH265.camera([MadeH265.slice], times: 5, described: "a=fmtp:96 sprop-pps=\(pictures)\r\n"), options)
        }
        #expect(listed?.cause.contains("different sets of picture parameters") == true, "\(String(describing: listed))")
    }

    @Test(arguments: [(PacketScreen.Encoding.h264, [UInt8](arrayLiteral: 0x7C, 0x05)), (.h265, [0x62, 0x01, 0x13])])
    func `a picture without an end is refused, and many whole ones are not`(
        encoding: PacketScreen.Encoding, header: [UInt8]
    ) throws {
        let part = header + [UInt8](repeating: 0xA5, count: 60_000)
        let screen = PacketScreen(encoding)
        for packet in 0..<1000 {
            #expect(fault(screen, part) == nil)
            if packet % 100 == 99 { screen.notePicture() }
        }
        let refused = (0..<200).first { _ in fault(screen, part) != nil }
        #expect(try #require(refused) < 150)
    }

    @Test(arguments: [
        ([UInt8](arrayLiteral: 0x7C, 0x05) + [UInt8](repeating: 0xA5, count: 60_000), 200, "MiB of it came without"),
        ([0x68, 0xCE, 0x38, 0x80], 200, "sets of parameters came without"),
    ]) func `a session whose camera never ends a picture is ended by name`(
        payload: [UInt8], count: Int, reason: String
    ) throws {
        var script = try session().unicodeScalars.map { UInt8($0.value) }
        for number in 0..<count {
            let size = payload.count + 12
            script += [0x24, 0, UInt8(size >> 8), UInt8(size & 255)]
            script += [0x80, 96, UInt8(number >> 8), UInt8(number & 255), 0, 0, 0, 0, 0, 0, 0, 1] + payload
        }
        let error = #expect(throws: VideoError.self) { try widths(ScriptedCamera(saying: script)) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        (PacketScreen.Encoding.h264, [UInt8](arrayLiteral: 0x68, 0xCE, 0x38, 0x80)), (.h265, [0x44, 0x01, 0xC1, 0x72]),
        // Two in one packet, and the first part of one.
        (.h264, [0x78, 0, 3, 0x68, 0xCE, 0x38, 0, 3, 0x67, 0x42, 0]), (.h264, [0x7C, 0x88, 1, 2, 3]),
        (.h265, [0x60, 0x01, 0, 3, 0x44, 0x01, 0xC1, 0, 3, 0x42, 0x01, 1]), (.h265, [0x62, 0x01, 0xA2, 1, 2]),
    ]) func `parameters without an end are refused`(encoding: PacketScreen.Encoding, payload: [UInt8]) throws {
        let screen = PacketScreen(encoding)
        for _ in 0..<100 {
            for _ in 0..<4 { #expect(fault(screen, payload) == nil) }
            screen.notePicture()
        }
        let refused = (0..<40).first { _ in fault(screen, payload)?.contains("parameters") == true }
        #expect(refused != nil)
    }

    @Test func `the thousandth line of a log is passed on no deeper than the first`() throws {
        let sink = LineSink()
        let depth = Mutex(0)
        sink.set { _ in depth.withLock { $0 = Thread.callStackReturnAddresses.count } }
        var depths: Set<Int> = []
        for _ in 0..<1000 {
            sink.pass("line")
            depths.insert(depth.withLock { $0 })
        }
        #expect(depths.count == 1, "\(depths.sorted())")
    }
}
