import Analytics
import Console
import Contract
import Domain
import Foundation
import Pipeline
import Synchronization
import TestSupport
import Testing

@testable import Edge

/// What the console says of cameras, and from when.
@Suite struct ConsoleCamerasTests {
    private static let identity = try? CameraIdentity(
        id: "cam-01", name: "North",
        place: GridLocation(area: AreaCode("320583102201"), grid: "003", microgrid: "02"), timeZone: .gmt)

    private func report(_ state: CameraReport.State, fault: String? = nil, since: String? = nil) throws -> CameraReport
    {
        var report = CameraReport(camera: try #require(Self.identity), site: try .edge01(), state: state)
        (report.fault, report.since) = (fault, since)
        return report
    }

    @Test func `a state is told from when it began, and a further report of it changes nothing`() throws {
        let meter = CameraMeter()
        let begin = Date(timeIntervalSince1970: 1_795_500_000)
        #expect(meter.reading.since == nil)
        meter.changed(to: try report(.online), at: begin)
        meter.changed(to: try report(.online), at: begin + 60)
        #expect(meter.reading.since == begin)
        // The first look that showed a fault was before it was stated.
        meter.changed(to: try report(.blind, fault: "covered", since: "2026-11-24T06:39:00.000Z"), at: begin + 120)
        #expect(meter.reading.since == RFC3339.date(from: "2026-11-24T06:39:00.000Z"))
        meter.changed(to: try report(.blind, fault: "black"), at: begin + 180)
        #expect(meter.reading.since == begin + 180, "another fault is another state")
        meter.changed(to: try report(.offline), at: begin + 240)
        #expect(meter.reading.since == begin + 240)
    }

    @Test func `what a camera costs is that of the last minute`() {
        let now = Mutex(100.0)
        let meter = CameraMeter { now.withLock(\.self) }
        var costs = CameraPipeline.Costs()
        meter.looked(costs, receiving: 5)
        #expect(meter.reading.cores == nil)
        for _ in 0..<40 {
            now.withLock { $0 += 2 }
            costs.infer += 0.05
            costs.gate += 0.01
            meter.looked(costs, receiving: 5 + (now.withLock(\.self) - 100) * 0.02)
        }
        #expect(abs((meter.reading.cores ?? 0) - 0.05) < 1e-6)
    }

    @Test(arguments: CameraReport.State.allCases)
    func `each state and fault has its cause and what to do, in both languages`(state: CameraReport.State) throws {
        for fault in [nil, "black", "covered", "out_of_focus", "frozen", "moved"] as [String?] {
            let meter = CameraMeter()
            meter.changed(to: try report(state, fault: fault))
            let words = ConsoleCameras.words(meter.reading)
            for text in [words.cause.zh, words.cause.en, words.action.zh, words.action.en] { #expect(!text.isEmpty) }
            #expect(words.cause.zh != words.cause.en)
        }
    }

    @Test func `a clock that is off is said of a camera that sees`() throws {
        let meter = CameraMeter()
        meter.changed(to: try report(.online))
        meter.told(clockOffset: -42.3)
        #expect(ConsoleCameras.words(meter.reading).cause == .init(zh: "时钟慢 42 秒", en: "its clock is 42 s slow"))
        meter.told(clockOffset: 0.3)
        #expect(ConsoleCameras.words(meter.reading).cause.en == "it sees")
    }

    @Test func `a zone is watched, rests out of hours, is elsewhere, unseen, late or shed`() throws {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0)].map { Point(x: $0.0, y: $0.1) }
        func zone(_ windows: TimeWindows = .always, preset: String? = nil) -> WatchedZone {
            var settings = ParkingSettings(dwell: 30)
            settings.windows = windows
            return WatchedZone(
                zone: Zone(id: "np1", name: "", polygon: Polygon(corners)), rules: [.illegalParking: settings],
                preset: preset)
        }
        // Tuesday noon.
        let noon = try #require(RFC3339.date(from: "2026-11-24T12:00:00.000Z"))
        let meter = CameraMeter()
        func state(_ zone: WatchedZone, isLate: Bool = false, shed: Set<AlertKind> = []) -> CameraParts.Zone.State {
            ConsoleCameras.state(of: zone, meter.reading, isLate: isLate, shed, noon)
        }
        #expect(state(zone()) == .unseen)
        meter.changed(to: try report(.online))
        #expect(state(zone()) == .watched)
        #expect(state(zone(), isLate: true) == .late)
        #expect(state(zone(), isLate: true, shed: [.illegalParking]) == .shed)
        let morning = TimeWindows(windows: [.init(start: 7 * 60, end: 9 * 60)], timeZone: .gmt)
        #expect(state(zone(morning)) == .resting)
        #expect(state(zone(preset: "b"), isLate: true) == .elsewhere)
        meter.changed(to: try report(.blind, fault: "covered"))
        #expect(state(zone()) == .unseen)
    }

    @Test func `a camera that could not be started is there, and says so`() throws {
        let rows = ConsoleCameras.rows(
            [try #require(Self.identity)], [], open: ["cam-01": 2], blind: ["cam-01": 61.4], shed: [],
            catalogue: try Catalogue.builtIn())
        let row = try #require(rows.first)
        #expect(row.state == "offline" && row.openIncidents == 2 && row.blindToday == 61)
        #expect(row.cause.en == "could not be started" && row.area == "320583102201")
    }
}
