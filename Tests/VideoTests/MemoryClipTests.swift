import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Video

@Suite struct ClipTimingTests {
    private func stamps(_ seconds: [Double], keys: Set<Double>) -> [ClipTiming.Stamp] {
        seconds.map { .init(seconds: $0, isKey: keys.contains($0)) }
    }

    @Test func `a round ends one step after the last packet, and the seam is a time between key frames too`() throws {
        let timing = try #require(ClipTiming(stamps([0, 1, 2, 3, 4, 5, 6, 7], keys: [0, 2, 4])))
        #expect(timing.seconds == 8 && timing.keyInterval == 4)
        let even = try #require(ClipTiming(stamps([10, 11, 12, 13], keys: [10, 12])))
        #expect(even.seconds == 4 && even.keyInterval == 2)
    }

    @Test func `without key frames, or with one picture only, nothing can be played`() {
        #expect(ClipTiming(stamps([0, 1, 2], keys: [])) == nil)
        #expect(ClipTiming(stamps([0], keys: [0])) == nil)
        #expect(ClipTiming([]) == nil)
    }
}

@Suite struct PaceTests {
    @Test func `packets are due as their stamps say, from the first one on`() {
        var schedule = PacketSchedule()
        #expect(schedule.due(7) == nil)
        #expect(schedule.wait(for: 7, at: 100) == 0)
        #expect(schedule.wait(for: 7.5, at: 100.25) == 0.25)
        #expect(schedule.due(9) == 102)
    }

    @Test func `one that comes late is given at once, and the next ones are due as before`() {
        var schedule = PacketSchedule()
        _ = schedule.wait(for: 0, at: 100)
        #expect(schedule.wait(for: 1, at: 103) == 0)
        #expect(schedule.wait(for: 4, at: 103) == 1)
    }
}

@Suite(.heavy) struct MemoryClipTests {
    /// A clock by which everything is always due.
    private var hasty: Clocks {
        let now = Mutex(0.0)
        let uptime: @Sendable () -> Double = {
            now.withLock { now in
                now += 1000
                return now
            }
        }
        return Clocks(now: { Date() }, uptime: uptime)
    }

    private func looks(_ count: Int, of path: String) throws -> [Double] {
        let clip = try MemoryClip(path: path)
        #expect(abs(clip.seconds - 4) < 0.01 && abs(clip.keyInterval - 2) < 0.01, "\(clip.seconds) \(clip.keyInterval)")
        var options = VideoSource.Options()
        options.clip = PacedClip(clip, clocks: hasty)
        let source = try VideoSource(CameraURL(path), options: options, deadline: ReadDeadline())
        var times: [Double] = []
        while times.count < count, let picture = try source.next() {
            times.append(
                Frame(taking: picture.raw, time: MediaTime(picture.pts), date: .distantPast).time.seconds)
        }
        return times
    }

    @Test(arguments: [Footage.Codec.h264, .h265]) func `a clip goes round and round, in a time that goes on`(
        codec: Footage.Codec
    ) throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 4, size: (320, 180), codec: codec)
        let times = try looks(9, of: clip)
        #expect(times.count == 9)
        #expect(zip(times, times.dropFirst()).allSatisfy { abs($1 - $0 - 2) < 0.01 }, "\(times)")
    }

    @Test func `a raw stream, which has no stamps, goes round too`() throws {
        let folder = try TemporaryFolder()
        let clip = try Footage.makeTestClip(in: folder, seconds: 4, size: (320, 180), rate: 25, gop: 50)
        let times = try looks(7, of: try Footage.byteStream(clip, in: folder))
        #expect(times.count == 7)
        #expect(zip(times, times.dropFirst()).allSatisfy { abs($1 - $0 - 2) < 0.05 }, "\(times)")
    }

    @Test func `a camera plays it at its own pace until it is stopped, and counts what it received`() async throws {
        let folder = try TemporaryFolder()
        let path = try Footage.makeTestClip(in: folder, seconds: 1, size: (320, 180), rate: 10, gop: 2)
        let clip = PacedClip(try MemoryClip(path: path))
        var settings = Camera.Settings(url: CameraURL(path))
        settings.sampling = .keyFrames(promise: 1)
        let camera = Camera(id: "c", settings: settings, clip: clip)
        let running = Task { await camera.run(from: MediaTime(0)) }
        var delays: [Double] = []
        var times: [Double] = []
        for await frame in camera.frames {
            times.append(frame.time.seconds)
            delays.append(try Clocks.system.uptime() - #require(clip.due(frame.time.seconds)))
            if frame.time.seconds > 1.5 { break }
        }
        camera.stop()
        await running.value
        // Never before its time; how late, the machine decides.
        #expect(times == times.sorted() && delays.allSatisfy { $0 > -0.01 }, "\(times) \(delays)")
        #expect(camera.counters.bytes > 0 && camera.counters.sessions == 1 && camera.counters.processorSeconds > 0)
    }

    @Test func `what cannot be read is named`() throws {
        let folder = try TemporaryFolder()
        let error = try #require(throws: VideoError.self) { try MemoryClip(path: folder.file("none.mp4").path) }
        #expect(error.description.contains("no such file") && error.description.contains("none.mp4"))
        let text = folder.file("text.mp4")
        try Data("no clip".utf8).write(to: text)
        #expect(throws: VideoError.self) { try MemoryClip(path: text.path) }
    }
}
