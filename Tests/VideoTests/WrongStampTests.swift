import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Video

/// Cameras whose clock for the pictures runs wrong, stands still, or is not there. Time passes by an injected clock.
@Suite(.waiting) struct WrongStampTests {
    /// A short session of H.264, twelve pictures, each fourth a key frame, whose RTP time stamps are replaced.
    private func session(_ stamp: (_ original: UInt32) -> UInt32) throws -> ScriptedCamera {
        let path = Footage.packageRoot.appending(path: "Tests/Fuzz/corpus/rtsp/h264-gstreamer")
        var bytes = [UInt8](try Data(contentsOf: path))
        // Past the words, of which the last end with the answer to PLAY.
        let words = try #require(bytes.lastRange(of: Array("RTSP/1.0 200 OK".utf8)))
        var at = try #require(bytes[words.upperBound...].firstRange(of: Array("\r\n\r\n".utf8))).upperBound
        var count = 0
        while at + 12 < bytes.count, bytes[at] == UInt8(ascii: "$") {
            let (channel, length) = (bytes[at + 1], Int(bytes[at + 2]) << 8 | Int(bytes[at + 3]))
            if channel == 0 {
                let old = bytes[at + 8..<at + 12].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                let new = stamp(old)
                for byte in 0..<4 { bytes[at + 8 + byte] = UInt8(truncatingIfNeeded: new >> (24 - 8 * byte)) }
                count += 1
            }
            at += 4 + length
        }
        try #require(count >= 12)
        return try ScriptedCamera(saying: bytes)
    }

    /// Stamps of the looks that were taken of a session whose packets come so many seconds apart.
    private func looks(_ camera: ScriptedCamera, every seconds: Double, packets interval: Double) throws -> [Double] {
        let now = Mutex(1000.0)
        var options = VideoSource.Options()
        options.sampling = .every(seconds: seconds)
        options.uptime = { now.withLock { $0 } }
        options.progress = { now.withLock { $0 += interval } }
        return try withExtendedLifetime(camera) {
            let source = try VideoSource(CameraURL(camera.url), options: options, deadline: ReadDeadline())
            var found: [Double] = []
            while let picture = try source.next() {
                found.append(Frame(taking: picture.raw, time: MediaTime(picture.pts), date: .distantPast).time.seconds)
            }
            return found
        }
    }

    @Test func `looks go on where the stamps stand still`() throws {
        // All twelve pictures.
        #expect(try looks(session { $0 }, every: 0, packets: 0.1).count == 12)
        let found = try looks(session { _ in 90_000 }, every: 3, packets: 4)
        #expect(found.count >= 4 && Set(found).count == 1, "\(found)")
    }

    @Test func `looks go on where the stamps run too slowly`() throws {
        let found = try looks(session { $0 / 90 }, every: 3, packets: 4)
        #expect(found.count >= 4, "\(found)")
    }

    @Test func `stamps that run too fast bring no more looks`() throws {
        // Ten pictures a second, which the stamps make fifteen minutes.
        let found = try looks(session { $0 &* 900 }, every: 3, packets: 0.1)
        #expect(found.count <= 5, "\(found)")
    }

    @Test func `a stream without stamps is a fault`() throws {
        // The one value that libav takes for none.
        let camera = try session { _ in .max }
        let error = #expect(throws: VideoError.self) { try looks(camera, every: 1, packets: 4) }
        #expect(error?.description.contains("no whole picture in 2") == true, "\(String(describing: error))")
    }

    @Test func `a camera that is fed is not stuck`() async throws {
        let folder = try TemporaryFolder()
        let server = try RTSPServer(
            clip: try Footage.makeTestClip(in: folder, seconds: 4, rate: 25, gop: 10), isShared: true)
        defer { server.stop() }
        // Its stamps run thirty times too slowly for a clock that runs thirty times as fast.
        let clocks = Clocks(now: { Date() }, uptime: { Clocks.system.uptime() * 30 })
        let settings = Camera.Settings(
            url: CameraURL(server.url), sampling: .keyFrames(promise: 1000, interval: 1000))
        let camera = Camera(id: "slow", settings: settings, clocks: clocks)
        let running = Task { await camera.run(from: MediaTime(1000)) }
        var longest = 0.0
        for await _ in camera.frames {
            let end = clocks.uptime() + 2 * camera.longestSilence
            while clocks.uptime() < end {
                longest = max(longest, camera.secondsSinceProgress)
                try await Task.sleep(for: .milliseconds(20))
            }
            break
        }
        camera.stop()
        await running.value
        #expect(longest < camera.longestSilence)
        #expect(camera.counters.sessions == 1)
    }

    @Test func `key frames are looked at by the clock`() async throws {
        let folder = try TemporaryFolder()
        let server = try RTSPServer(
            clip: try Footage.makeTestClip(in: folder, seconds: 4, rate: 25, gop: 5), isShared: true)
        defer { server.stop() }
        let clocks = Clocks(now: { Date() }, uptime: { Clocks.system.uptime() * 30 })
        let settings = Camera.Settings(url: CameraURL(server.url), sampling: .keyFrames(promise: 100, interval: 20))
        let camera = Camera(id: "slow", settings: settings, clocks: clocks)
        let running = Task { await camera.run(from: MediaTime(1000)) }
        var moments: [Double] = []
        var media: [Double] = []
        for await frame in camera.frames {
            moments.append(try #require(frame.moment).uptime)
            media.append(frame.time.seconds)
            if moments.count == 8 { break }
        }
        camera.stop()
        await running.value
        // By the stamps alone, twenty seconds are ten minutes.
        #expect(moments[7] - moments[2] < 5 * 100, "\(moments)")
        #expect(camera.counters.sessions == 1)
        for (time, moment) in zip(media, moments) { #expect(abs(time - 1000 - moment) <= 10.001) }
    }
}
