import Domain
import Foundation
import TestSupport
import Testing
import Threading

@testable import Video

/// A stream that is opened for one key frame, with real servers.
@Suite(.waiting) struct DetailStreamTests {
    /// What a reading on a thread of its own has brought.
    private func read(_ stream: DetailStream) async throws -> [Frame] {
        try await onOwnThread(named: "detail") {
            var frames: [Frame] = []
            try stream.read { frames.append($0) }
            return frames
        }
    }

    private func detail(_ url: String, _ gate: CredentialGate = CredentialGate()) -> DetailStream {
        DetailStream(settings: .init(url: CameraURL(url)), credentials: gate)
    }

    @Test(arguments: [Footage.Codec.h264, .h265])
    func `one key frame is handed over in its whole size, dated by our clock`(codec: Footage.Codec) async throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 4, size: (1280, 720), codec: codec)
        let server = try RTSPServer(clip: clip)
        defer { server.stop() }
        let before = Date()
        let frames = try await read(detail(server.url))
        #expect(frames.map { [$0.width, $0.height] } == [[1280, 720]])
        #expect(frames.allSatisfy { $0.isKeyFrame && (before...Date()).contains($0.date) })
    }

    @Test func `the picture does not wait for the farewell, and the stream is closed after it`() async throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.byteStream(Footage.makeTestClip(in: folder, seconds: 2), in: folder)
        let camera = try QuirkyCamera(clip: clip)
        defer { camera.stop() }
        let stream = detail(camera.url())
        let farewells = try await onOwnThread(named: "detail") {
            var farewells: [Int] = []
            try stream.read { _ in farewells.append(camera.count("TEARDOWN")) }
            return farewells
        }
        #expect(farewells == [0])
        #expect(camera.count("PLAY") == 1 && camera.count("TEARDOWN") == 1)
    }

    @Test func `a stream that nobody serves is an error without its password`() async throws {
        let port = try FreePort.tcp()
        let error = await #expect(throws: VideoError.self) {
            _ = try await read(detail("rtsp://warden:geheim-77@127.0.0.1:\(port)/main"))
        }
        let text = try #require(error).description
        #expect(text.contains("rtsp://***@127.0.0.1:\(port)/main") && !text.contains("geheim-77"), "\(text)")
    }

    @Test func `a stop ends a stream that says nothing, and one that was not begun`() async throws {
        let server = try SilentServer()
        defer { server.stop() }
        let stream = detail(server.url)
        let reading = Task { try await read(stream) }
        #expect(try await eventually { server.connectionCount == 1 })
        stream.stop()
        #expect(await finishes(within: Patience.seconds(4)) { _ = await reading.result })
        await #expect(throws: VideoError.self) { _ = try await read(stream) }
        #expect(server.connectionCount == 1)
    }

    @Test func `a refused password is not shown again by the other stream of its camera`() async throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.byteStream(Footage.makeTestClip(in: folder, seconds: 2), in: folder)
        let camera = try QuirkyCamera(clip: clip, ["user": "admin", "password": "right", "challenges": ["md5"]])
        defer { camera.stop() }
        let gate = CredentialGate()
        for path in ["/sub", "/main"] {
            let url = camera.url(login: "admin:wrong", path: path)
            let error = await #expect(throws: VideoError.self) { _ = try await read(detail(url, gate)) }
            #expect(error?.cause.contains("user and password are refused") == true)
        }
        #expect(camera.shown == 1)
        #expect(try await read(detail(camera.url(login: "admin:right"), gate)).count == 1)
    }

    @Test func `what is not encrypted beside a stream that is, or is not vouched for, is said`() {
        func notes(_ main: String, beside watched: String, caFile: String? = nil) -> [String] {
            var settings = Camera.Settings(url: CameraURL(main))
            settings.caFile = caFile
            return settings.detailNotes(beside: CameraURL(watched))
        }
        #expect(notes("rtsp://h/main", beside: "rtsp://h/sub") == [])
        #expect(notes("rtsps://h/main", beside: "rtsps://h/sub", caFile: "/ca.crt") == [])
        #expect(notes("rtsps://h/main", beside: "rtsp://h/sub").first?.contains("certificate") == true)
        #expect(notes("rtsp://h/main", beside: "rtsps://h/sub").first?.contains("rtsps://") == true)
    }
}
