import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Video

@Suite struct ClockWatchTests {
    private let noon = Date(timeIntervalSince1970: 1_790_000_000)

    /// Steps told over a minute of looks, with our clock and the camera's set by so much in its middle.
    private func steps(system: Double, camera: Double?, late: Double = 0) -> [ClockWatch.Step] {
        var watch = ClockWatch()
        return (0..<30).compactMap { look in
            let uptime = Double(look) * 2
            let isAfter = look >= 15
            let moment = ClockMoment(
                system: noon.addingTimeInterval(uptime + late + (isAfter ? system : 0)), uptime: uptime + late,
                camera: camera.map { noon.addingTimeInterval(uptime + 0.3 + (isAfter ? $0 : 0)) })
            return watch.step(moment, at: MediaTime(uptime))
        }
    }

    @Test(arguments: [-3600.0, 3600]) func `it is known which clock was set`(seconds: Double) {
        #expect(steps(system: 0, camera: 0).isEmpty)
        #expect(steps(system: 0, camera: nil).isEmpty)
        #expect(steps(system: seconds, camera: 0) == [.system(seconds)])
        #expect(steps(system: seconds, camera: nil) == [.system(seconds)])
        #expect(steps(system: 0, camera: seconds) == [.camera(seconds)])
        #expect(ClockWatch.Step.camera(seconds).description.hasPrefix("clock jump"))
    }

    @Test func `a picture that comes late is no step of a clock`() {
        var watch = ClockWatch()
        for look in 0..<30 {
            let uptime = Double(look) * 2
            let late = (8...10).contains(look) ? 7.0 : 0
            let moment = ClockMoment(
                system: noon.addingTimeInterval(uptime + late), uptime: uptime + late,
                camera: noon.addingTimeInterval(uptime))
            let step = watch.step(moment, at: MediaTime(uptime))
            #expect(step == nil)
        }
    }

    @Test(arguments: [-3600.0, -4, 0, 4, 3600])
    func `a clock that is set while nobody sees it is a step`(seconds: Double) {
        var watch = ClockWatch()
        // A reboot of a minute, after which the first pictures come before the first of RTCP's reports.
        let steps = (0..<60).filter { !(10..<30).contains($0) }.compactMap { look in
            let uptime = Double(look) * 2
            let told = uptime + 0.3 + (look >= 30 ? seconds : 0)
            let moment = ClockMoment(
                system: noon.addingTimeInterval(uptime), uptime: uptime,
                camera: (30..<33).contains(look) ? nil : noon.addingTimeInterval(told))
            return watch.step(moment, at: MediaTime(uptime))
        }
        // Media time may be off by seconds after a reconnect: that is no step.
        #expect(steps == (abs(seconds) > 10 ? [.camera(seconds)] : []))
    }

    @Test func `the offset of the camera's clock is known`() throws {
        var watch = ClockWatch()
        _ = watch.step(
            ClockMoment(system: noon, uptime: 0, camera: noon.addingTimeInterval(-12.5)), at: MediaTime(0))
        #expect(try #require(watch.offset) == -12.5)
    }
}

@Suite(.waiting) struct SystemClockTests {
    /// Times of a stream while the system's clock is set by an hour in its middle.
    private func times(settingTheClockBy seconds: Double) async throws -> (media: [Double], dates: [Date]) {
        let folder = try TemporaryFolder()
        let server = try RTSPServer(clip: try Footage.makeTestClip(in: folder, seconds: 6, gop: 5))
        defer { server.stop() }
        let shift = Mutex(0.0)
        let clocks = Clocks(now: { Date().addingTimeInterval(shift.withLock { $0 }) }, uptime: Clocks.system.uptime)
        let settings = Camera.Settings(url: CameraURL(server.url), sampling: .keyFrames(promise: 3, interval: 0))
        let camera = Camera(id: "clock", settings: settings, clocks: clocks)
        let running = Task { await camera.run(from: MediaTime(1000)) }
        var (media, dates): ([Double], [Date]) = ([], [])
        for await frame in camera.frames {
            media.append(frame.time.seconds)
            dates.append(frame.date)
            if media.count == 4 { shift.withLock { $0 = seconds } }
            if media.count == 8 { break }
        }
        camera.stop()
        await running.value
        return (media, dates)
    }

    @Test(arguments: [-3600.0, 3600])
    func `a system clock that is set changes no media time`(seconds: Double) async throws {
        let (media, dates) = try await times(settingTheClockBy: seconds)
        for (next, last) in zip(media.dropFirst(), media) { #expect(next > last && next - last < 5) }
        // The step shows in the dates, which proves that the clock was set.
        let spans = zip(dates.dropFirst(), dates).map { $0.timeIntervalSince($1) }
        #expect(spans.contains { abs($0 - seconds) < 60 })
    }
}
