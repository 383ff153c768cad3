import Domain
import Foundation
import Synchronization
import TestSupport
import Testing
import Threading

@testable import Video

@Suite(.waiting) struct RecordingTests {
    @Test(arguments: [Footage.Codec.h264, .h265])
    func `only key frames are decoded, in both codecs`(codec: Footage.Codec) throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 6, codec: codec, gop: 20)
        var recording = try Recording(path: clip, sampling: .keyFrames(promise: 3))
        var times: [Double] = []
        while let frame = try recording.next() {
            #expect(frame.width == 640 && frame.height == 360)
            #expect(frame.isKeyFrame)
            times.append(frame.time.seconds)
        }
        #expect(times.map { ($0 * 10).rounded() / 10 } == [0, 2, 4])
    }

    @Test(arguments: [Footage.Codec.h264, .h265])
    func `a recording in a burst has burst frames between its key frames`(codec: Footage.Codec) throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 12, codec: codec, gop: 20)
        var recording = try Recording(path: clip, sampling: .keyFrames(promise: 3))
        var (looks, between) = ([Double](), [Double]())
        while let frame = try recording.next() {
            let time = (frame.time.seconds * 10).rounded() / 10
            if frame.isBurstFrame { between.append(time) } else { looks.append(time) }
            recording.attention = 4..<8 ~= time ? .slowBurst : .looks
        }
        #expect(looks == [0, 2, 4, 6, 8, 10])
        #expect(between == [6.5, 7, 7.5])
    }

    @Test func `a burst frame never takes the place of a look`() async throws {
        func frame(_ seconds: Double, _ isBurstFrame: Bool) throws -> Frame {
            let planes = [[UInt8]](repeating: [UInt8](repeating: 128, count: 16), count: 3)
            return try Frame(
                planes: planes, width: 4, height: 4, time: MediaTime(seconds), date: Date(), isBurstFrame: isBurstFrame)
        }
        var latest = LatestFrame()
        var isKept: [Bool] = []
        for (second, isBurstFrame) in [false, true, true, false, true, true].enumerated() {
            // Before the fourth picture somebody takes the one that waits.
            if second == 3 {
                for await taken in latest.frames {
                    #expect(taken.time.seconds == 2 && !taken.isBurstFrame)
                    break
                }
            }
            let frames = try [false, true].map { try frame(Double(second), $0) }
            isKept.append(latest.put(isBurstFrame: isBurstFrame) { frames[$0 ? 1 : 0] })
        }
        latest.finish()
        #expect(isKept == [true, false, false, true, false, false])
        for await taken in latest.frames { #expect(taken.time.seconds == 5 && !taken.isBurstFrame) }
    }

    @Test func `a fixed interval looks in between key frames`() throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 4, gop: 100)
        var recording = try Recording(path: clip, sampling: .every(seconds: 0.5))
        var count = 0
        while try recording.next() != nil { count += 1 }
        #expect(count == 8)
    }

    @Test func `what is not video is an error that names the file`() throws {
        let folder = try TemporaryFolder()
        let file = folder.file("notes.mp4")
        try Data("this is not a video".utf8).write(to: file)
        for path in [file.path, folder.file("missing.mp4").path] {
            #expect { _ = try Recording(path: path, sampling: .every(seconds: 1)) } throws: { "\($0)".contains(path) }
        }
    }
}

@Suite(.waiting) struct CameraTests {
    /// The first pictures of a stream, and the states on the way.
    private func first(
        _ count: Int, of settings: Camera.Settings
    ) async throws -> (frames: [Frame], camera: Camera) {
        let camera = Camera(id: "test", settings: settings)
        let running = Task { await camera.run(from: MediaTime(1000)) }
        var frames: [Frame] = []
        for await frame in camera.frames {
            frames.append(frame)
            if frames.count == count { break }
        }
        camera.stop()
        await running.value
        return (frames, camera)
    }

    @Test(arguments: [Transport.tcp, .udp], [Footage.Codec.h264, .h265])
    func `a stream is read over both transports in both codecs`(transport: Transport, codec: Footage.Codec) async throws
    {
        let folder = try TemporaryFolder()
        let server = try RTSPServer(clip: try Footage.makeTestClip(in: folder, seconds: 4, codec: codec, gop: 25))
        defer { server.stop() }
        let settings = Camera.Settings(url: CameraURL(server.url), transport: transport)
        let (frames, _) = try await first(3, of: settings)
        #expect(frames.count == 3)
        #expect(frames.allSatisfy { $0.width == 640 && $0.height == 360 })
        let times = frames.map(\.time.seconds)
        #expect(times == times.sorted())
        #expect(abs(times[0] - 1000) < 30)
        #expect(abs(frames[0].date.timeIntervalSinceNow) < 30)
    }

    @Test(arguments: [Transport.tcp, .udp], [Footage.Codec.h264, .h265])
    func `a stream is seen from its first key frame on`(transport: Transport, codec: Footage.Codec) async throws {
        let folder = try TemporaryFolder()
        // The next one comes after twenty seconds.
        let clip = try Footage.makeTestClip(in: folder, seconds: 40, codec: codec, gop: 200)
        let server = try RTSPServer(clip: clip)
        defer { server.stop() }
        let camera = Camera(
            id: "test", settings: Camera.Settings(url: CameraURL(server.url), transport: transport))
        let running = Task { await camera.run(from: MediaTime(1000)) }
        let seen = Mutex<Frame?>(nil)
        let looking = Task {
            for await frame in camera.frames { seen.withLock { $0 = $0 ?? frame } }
        }
        #expect(try await eventually(seconds: 10) { seen.withLock { $0 != nil } })
        #expect(seen.withLock { $0?.isKeyFrame } == true)
        camera.stop()
        await running.value
        await looking.value
    }

    @Test func `credentials are used and not shown`() async throws {
        let folder = try TemporaryFolder()
        let login = RTSPServer.Login(user: "warden", password: "s3cret-word", isDigest: true)
        let server = try RTSPServer(clip: try Footage.makeTestClip(in: folder, seconds: 4), login: login)
        defer { server.stop() }
        let good = Camera.Settings(url: CameraURL(server.url, user: "warden", password: "s3cret-word"))
        #expect(try await first(1, of: good).frames.count == 1)

        let bad = Camera(id: "bad", settings: .init(url: CameraURL(server.url, user: "warden", password: "wr0ng-word")))
        let running = Task { await bad.run(from: MediaTime(0)) }
        for await state in bad.states {
            guard case .offline(let reason) = state else { continue }
            #expect(!reason.contains("wr0ng-word"))
            break
        }
        bad.stop()
        await running.value
    }

    @Test func `a camera that comes back is read again`() async throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 4)
        let server = try RTSPServer(clip: clip)
        let camera = Camera(id: "back", settings: .init(url: CameraURL(server.url), readTimeout: 1))
        let running = Task { await camera.run(from: MediaTime(0)) }
        var frames = camera.frames.makeAsyncIterator()
        let before = try #require(await frames.next())
        server.stop()
        for await state in camera.states {
            if case .offline = state { break }
        }
        let again = try RTSPServer(clip: clip, port: server.port)
        defer { again.stop() }
        for await state in camera.states where state == .online { break }
        let after = try #require(await frames.next())
        #expect(after.time > before.time)
        camera.stop()
        await running.value
        #expect(camera.counters.sessions >= 2)
    }

    @Test func `the wait for the next attempt does not add to a long attempt`() async throws {
        let server = try SilentServer()
        defer { server.stop() }
        let now = Mutex(0.0)
        let clocks = Clocks(now: { Date() }, uptime: { now.withLock { $0 } })
        let settings = Camera.Settings(url: CameraURL(server.url), openTimeout: 50, readTimeout: 50)
        let camera = Camera(
            id: "slow", settings: settings, clocks: clocks, backoff: Backoff(shortest: 30, longest: 30))
        let running = Task { await camera.run(from: MediaTime(0)) }
        for await state in camera.states {
            if state == .connecting {
                now.withLock { $0 += 80 }
                // The attempt ends only now.
                server.stop()
            }
            if case .offline = state { break }
        }
        #expect(camera.secondsSinceProgress == 0)
        // A minute of name servers, an attempt, and the wait.
        #expect(camera.longestSilence > 60 + 50 + 30)
        camera.stop()
        await running.value
    }

    @Test func `a file is played at its own pace and ends`() async throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 2)
        let camera = Camera(id: "file", settings: .init(url: CameraURL(clip), sampling: .every(seconds: 0.5)))
        let begin = ContinuousClock.now
        async let states = camera.states.reduce(into: []) { $0.append($1) }
        await camera.run(from: MediaTime(0))
        #expect(ContinuousClock.now - begin > .milliseconds(1400))
        #expect(await states == [.connecting, .online, .ended])
    }
}

@Suite(.waiting) struct CameraNotesTests {
    private func notes(_ url: String, _ sampling: SamplingPolicy, caFile: String? = nil) -> [String] {
        var settings = Camera.Settings(url: CameraURL(url), sampling: sampling)
        settings.caFile = caFile
        return settings.notes
    }

    @Test func `what rtsps does not do is told`() throws {
        #expect(notes("rtsp://me:word@host/a", .keyFrames(promise: 3)).isEmpty)
        let note = try #require(notes("rtsps://me:word@host/a", .keyFrames(promise: 3)).first)
        #expect(note.contains("nobody checks the camera's certificate") && !note.contains("word@"))
        #expect(notes("rtsps://host/a", .keyFrames(promise: 3), caFile: "ca.crt").isEmpty)
        #expect(notes("rtsp://host/a", .keyFrames(promise: 3), caFile: "ca.crt").first?.contains("nothing") == true)
    }

    @Test func `a note tells that a camera that is looked at rarely has its faults stated later`() throws {
        #expect(notes("rtsp://host/a", .every(seconds: 3)).isEmpty)
        for sampling in [SamplingPolicy.keyFrames(promise: 10, interval: 2), .every(seconds: 10)] {
            let note = try #require(notes("rtsp://host/a", sampling).first)
            #expect(note.contains("stated within 30 s"))
        }
    }
}

/// Alone, since it measures time.
@Suite(.tags(.alone), .serialized, .waiting) struct SilentPeerTests {
    @Test func `a silent peer is noticed within six seconds by default`() async throws {
        let server = try SilentServer()
        defer { server.stop() }
        let camera = Camera(id: "silent", settings: .init(url: CameraURL(server.url)))
        let begin = ContinuousClock.now
        let running = Task { await camera.run(from: MediaTime(0)) }
        for await state in camera.states {
            if case .offline = state { break }
        }
        #expect(ContinuousClock.now - begin < .seconds(6))
        camera.stop()
        await running.value
    }
}

/// Run in a process of its own (`make test` does): what other tests leave in the allocator would be counted too.
@Suite(.tags(.memory), .serialized) struct StreamMemoryTests {
    private static func open(_ url: String, seconds: Double) {
        var options = VideoSource.Options()
        options.openTimeout = seconds
        options.readTimeout = seconds
        do {
            let source = try VideoSource(CameraURL(url), options: options, deadline: ReadDeadline())
            guard let picture = try source.next() else { return }
            _ = Frame(taking: picture.raw, time: MediaTime(picture.pts), date: Date())
        } catch {
            // A peer that says nothing: that is the point.
        }
    }

    /// Memory and file descriptors after `count` more sessions, where some have gone before.
    private static func expectFlat(_ count: Int, _ session: () -> Void) {
        for _ in 0..<10 { session() }
        let (memory, descriptors) = (residentBytes(), openDescriptors())
        for _ in 0..<count { session() }
        #expect(residentBytes() - memory < 2 << 20)
        #expect(openDescriptors() == descriptors)
    }

    /// Bytes of the largest that the process has been since the last call.
    static func peakBytes(reset: Bool = false) throws -> Int {
        if reset { try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs")) }
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM") })
        return try #require(line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }) << 10
    }

    @Test(.waiting(minutes: 3)) func `a camera that sends 8K costs little memory and is told by name`() async throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 4, size: (8192, 4608), rate: 1, gop: 2)
        // From a file: the server of the tests does not know so large a picture.
        let camera = Camera(id: "cam", settings: .init(url: CameraURL(clip)))
        let before = try Self.peakBytes(reset: true)
        let run = Task { await camera.run(from: MediaTime(0)) }
        var reason: String?
        for await state in camera.states {
            guard case .offline(let text) = state else { continue }
            reason = text
            break
        }
        camera.stop()
        await run.value
        let grown = try Self.peakBytes() - before
        #expect(grown < 150 << 20, "\(grown >> 20) MiB")
        #expect(reason?.contains("largest_picture") == true, "\(String(describing: reason))")
    }

    @Test(.waiting(minutes: 3)) func `five hundred reconnects to a silent peer leave nothing behind`() throws {
        let server = try SilentServer()
        defer { server.stop() }
        // The server of this test lives in this process and keeps its end of each connection open.
        let before = server.connectionCount
        for _ in 0..<40 { Self.open(server.url, seconds: 0.05) }
        let (memory, descriptors) = (Self.residentBytes(), Self.openDescriptors())
        let accepted = server.connectionCount
        #expect(accepted > before)
        for _ in 0..<500 { Self.open(server.url, seconds: 0.05) }
        #expect(Self.residentBytes() - memory < 2 << 20)
        #expect(Self.openDescriptors() - descriptors == server.connectionCount - accepted)
    }

    @Test(.waiting(minutes: 3)) func `opening a file five hundred times leaves nothing behind`() throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 2, gop: 5)
        Self.expectFlat(500) { Self.open(clip, seconds: 5) }
    }

    /// Fewer, since each session of a real server takes its time.
    @Test(.waiting(minutes: 3)) func `twenty reconnects to a camera leave nothing behind`() throws {
        let folder = try TemporaryFolder()
        let server = try RTSPServer(clip: try Footage.makeTestClip(in: folder, seconds: 2, gop: 5))
        defer { server.stop() }
        Self.expectFlat(20) { Self.open(server.url, seconds: 5) }
    }

    /// The connection breaks after each picture, and the camera's own loop opens it again.
    @Test(.waiting(minutes: isLong ? 15 : 3))
    func `broken connections to a camera leave nothing behind`() async throws {
        let folder = try TemporaryFolder()
        let server = try RTSPServer(
            clip: try Footage.makeTestClip(in: folder, seconds: 3, rate: 25, gop: 1), isShared: true)
        defer { server.stop() }
        let proxy = try FaultProxy(to: server.port)
        defer { proxy.stop() }
        let camera = Camera(
            id: "again",
            settings: .init(url: CameraURL(server.url.replacing(":\(server.port)/", with: ":\(proxy.port)/"))),
            backoff: Backoff(shortest: 0.01, longest: 0.02))
        let run = Task { await camera.run(from: MediaTime(0)) }
        let (warm, count) = (20, Self.isLong ? 500 : 20)
        var first: (memory: Int, descriptors: Int)?
        var sessions = 0
        for await _ in camera.frames where camera.counters.sessions > sessions {
            sessions = camera.counters.sessions
            if sessions == warm || sessions == warm + count {
                // Always in the middle of a session; the proxy has let go of the one before.
                try await Task.sleep(for: .milliseconds(300))
                let (memory, descriptors) = (Self.residentBytes(), Self.openDescriptors())
                if let first {
                    let grown =
                        "\(sessions - warm) reconnects: \(memory - first.memory) bytes more, \(descriptors) descriptors"
                    FileHandle.standardError.write(Data("\(grown) after \(first.descriptors)\n".utf8))
                    #expect(memory - first.memory < 2 << 20)
                    #expect(descriptors == first.descriptors)
                    break
                }
                first = (memory, descriptors)
            }
            proxy.reset()
        }
        camera.stop()
        await run.value
        #expect(sessions == warm + count)
    }

    private static let isLong = ProcessInfo.processInfo.environment["CHAOS"] == "long"

    private static func residentBytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }

    private static func openDescriptors() -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    }
}
