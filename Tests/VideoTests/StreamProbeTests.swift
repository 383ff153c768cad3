import Domain
import Foundation
import Synchronization
import TestSupport
import Testing
import Threading

@testable import Video

/// A stream that somebody tests before it becomes a camera, with real servers.
@Suite(.waiting(minutes: 2)) struct StreamProbeTests {
    private func probe(
        _ url: String, within seconds: Double = 15, transport: Transport = .auto,
        _ gate: CredentialGate = CredentialGate()
    ) async throws -> StreamProbe.Findings {
        let settings = Camera.Settings(
            url: CameraURL(url), transport: transport, sampling: .keyFrames(promise: 3, interval: 2), openTimeout: 4,
            readTimeout: 2)
        let probe = StreamProbe(settings: settings, credentials: gate)
        return try await onOwnThread(named: "probe") { try probe.run(within: seconds) }
    }

    private func fault(_ url: String, within seconds: Double = 15) async -> VideoError? {
        await #expect(throws: VideoError.self) { _ = try await probe(url, within: seconds) }
    }

    @Test(arguments: [(Footage.Codec.h264, "h264"), (.h265, "hevc")])
    func `what comes is measured, and some of it kept`(codec: Footage.Codec, name: String) async throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 8, size: (1280, 720), codec: codec, gop: 20)
        let server = try RTSPServer(clip: clip)
        defer { server.stop() }
        let found = try await probe(server.url)
        #expect(found.codec == name && found.width == 1280 && found.height == 720)
        #expect(found.keyInterval.map { (1.9...2.1).contains($0) } == true, "\(String(describing: found.keyInterval))")
        #expect(found.rate.map { (8...12).contains($0) } == true, "\(String(describing: found.rate))")
        #expect(found.bits > 10_000 && found.cores > 0 && found.cores < 2 && found.transport == .tcp && found.lost == 0)
        #expect((1...3).contains(found.pictures.count) && found.pictures.allSatisfy { $0.width == 1280 })
        // What is masked is in whole quality.
        #expect(try found.pictures.last?.whole().height == 720)
    }

    @Test func `the camera's clock is read from its reports`() async throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.byteStream(Footage.makeTestClip(in: folder, seconds: 20), in: folder)
        let camera = try QuirkyCamera(clip: clip, ["report_every": 1.0])
        defer { camera.stop() }
        let found = try await probe(camera.url())
        #expect(found.clockOffset.map { abs($0) < 2 } == true && !found.isClockDistrusted)
        #expect(camera.count("TEARDOWN") == 1)
        let silent = try QuirkyCamera(clip: clip)
        defer { silent.stop() }
        #expect(try await probe(silent.url(), within: 6).clockOffset == nil)
    }

    @Test func `it ends with its time, however long the stream goes on`() async throws {
        let folder = try TemporaryFolder()
        let server = try RTSPServer(clip: Footage.makeTestClip(in: folder, seconds: 20, gop: 100))
        defer { server.stop() }
        let start = ContinuousClock.now
        let found = try await probe(server.url, within: 4)
        #expect(ContinuousClock.now - start < Patience.seconds(10))
        // The second key frame would come after 10 s.
        #expect(found.keyInterval == nil && !found.pictures.isEmpty)
    }

    @Test func `without a key frame it says so`() async throws {
        let folder = try TemporaryFolder()
        let server = try RTSPServer(clip: Footage.makeTestClip(in: folder, seconds: 20, gop: 100), isShared: true)
        defer { server.stop() }
        // Who comes second comes in the middle.
        let first = DetailStream(settings: .init(url: CameraURL(server.url)))
        let begun = Mutex(false)
        let reading = Task {
            try await onOwnThread(named: "first") {
                try first.read { _ in
                    begun.withLock { $0 = true }
                    Thread.sleep(forTimeInterval: 9)
                }
            }
        }
        #expect(try await eventually { begun.withLock(\.self) })
        #expect(await fault(server.url, within: 3)?.kind == .noKeyFrames)
        first.stop()
        _ = await reading.result
    }

    @Test func `each way to fail has a name of its own`() async throws {
        #expect(await fault("rtsp://127.0.0.1:\(try FreePort.tcp())/a")?.kind == .refused)
        #expect(await fault("rtsp://no-such-host.invalid/a")?.kind == .noName)
        let silent = try SilentServer()
        defer { silent.stop() }
        #expect(await fault(silent.url)?.kind == .silent)
        // More than anybody skips, less than anybody sends for ever.
        let strangers: [([UInt8], StreamFault)] = [
            ([UInt8](repeating: 7, count: 400_000), .notRTSP),
            (Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), .notRTSP),
            (Array("SSH-2.0-OpenSSH_9\r\n".utf8), .hungUp),
        ]
        for (said, kind) in strangers {
            let stranger = try ScriptedCamera(saying: said)
            let error = await fault(stranger.url)
            #expect(error?.kind == kind, "\(said.prefix(8)): \(String(describing: error))")
            withExtendedLifetime(stranger) {}
        }
        let statuses: [(String, Int, StreamFault)] = [
            ("DESCRIBE", 404, .noStream), ("DESCRIBE", 453, .busy), ("DESCRIBE", 500, .declined),
            ("SETUP", 461, .transport),
        ]
        for (method, status, kind) in statuses {
            // Over either transport.
            let names = method == "SETUP" ? ["SETUP tcp", "SETUP udp"] : [method]
            let camera = try QuirkyCamera(["statuses": Dictionary(uniqueKeysWithValues: names.map { ($0, status) })])
            defer { camera.stop() }
            let error = await fault(camera.url())
            #expect(error?.kind == kind, "\(method) \(status): \(String(describing: error))")
        }
        let jpeg = try QuirkyCamera(["media": ["vp8"]])
        defer { jpeg.stop() }
        #expect(await fault(jpeg.url())?.kind == .noVideo)
        let away = try QuirkyCamera(["redirect": "rtsp://10.0.0.1/other"])
        defer { away.stop() }
        #expect(await fault(away.url())?.kind == .elsewhere)
    }

    @Test func `a camera that agrees and sends nothing is asked by the other transport too`() async throws {
        let camera = try QuirkyCamera(["mute": ["tcp", "udp"]])
        defer { camera.stop() }
        #expect(await fault(camera.url(), within: 12)?.kind == .noPackets)
        #expect(camera.count("PLAY") == 2)
    }

    @Test func `a password that is missing or wrong is told apart, and never said`() async throws {
        let camera = try QuirkyCamera(["user": "admin", "password": "right", "challenges": ["md5"]])
        defer { camera.stop() }
        #expect(await fault(camera.url())?.kind == .needsLogin)
        let gate = CredentialGate()
        for round in 1...2 {
            let error = await #expect(throws: VideoError.self) {
                _ = try await probe(camera.url(login: "admin:geheim-77"), gate)
            }
            #expect(error?.kind == .wrongLogin && error?.rest != nil, "\(round)")
            #expect(error?.description.contains("geheim-77") == false)
        }
        // The second one did not reach the camera.
        #expect(camera.shown == 1)
    }

    @Test func `a stop ends it at once`() async throws {
        let folder = try TemporaryFolder()
        let server = try RTSPServer(clip: Footage.makeTestClip(in: folder, seconds: 5))
        defer { server.stop() }
        let stages = Mutex<[StreamProbe.Stage]>([])
        let probe = StreamProbe(settings: .init(url: CameraURL(server.url)))
        let running = Task {
            try await onOwnThread(named: "probe") {
                try probe.run(within: 60) { stage in stages.withLock { $0.append(stage) } }
            }
        }
        #expect(try await eventually { stages.withLock { $0.contains(.seeing) } })
        probe.stop()
        #expect(await finishes(within: Patience.seconds(5)) { _ = await running.result })
        let error = await #expect(throws: VideoError.self) { _ = try await running.value }
        #expect(error?.kind == .stopped)
        #expect(stages.withLock(\.self) == [.connecting, .reading, .seeing])
    }
}
