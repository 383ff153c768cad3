import Domain
import Foundation
import TestSupport
import Testing

@testable import Analytics

@Suite(.heavy) struct FlameTests {
    private struct Run {
        var incidents: [Incident] = []
        /// Pictures between the looks.
        var burstFrames = 0
        var watcher = FlameWatcher()

        var opened: [Incident] { incidents.filter { $0.state == .opened } }
    }

    /// Looks every two seconds, and as many pictures in between as are wanted, as a camera of `rate` sends them.
    private func watch(
        seconds: Double, rate: Double = 25, _ scene: (Double) throws -> Scene
    ) throws -> Run {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map { Point(x: $0.0, y: $0.1) }
        let zone = Zone(id: "all", name: "", polygon: Polygon(corners))
        var rule = SmokeRule(kind: .burning, zone: zone, dwell: 10)
        var book = IncidentBook(camera: "c") { _ in UUID() }
        var run = Run()
        for index in 0...Int(seconds * rate) {
            let time = Double(index) / rate
            if index.isMultiple(of: Int(2 * rate)) {
                let scene = try scene(time)
                let flames = run.watcher.update(with: scene)
                run.incidents += book.advance(
                    rule.evaluate(Observation(scene: scene, flames: flames)), at: scene.time)
            } else if run.watcher.wantsBurst {
                run.burstFrames += 1
                run.watcher.take(burstFrame: try scene(time))
            }
        }
        return run
    }

    @Test(arguments: FlameScenery.allCases.filter(\.isFire))
    func `flames that burn from the first picture are told once, within 15 s`(
        scenery: FlameScenery
    ) throws {
        let run = try watch(seconds: 20) { try scenery.scene(at: $0) }
        #expect(run.opened.count == 1, "\(run.incidents)")
        let alert = try #require(run.opened.first)
        #expect((10...15).contains(alert.confirmed.seconds), "\(alert.confirmed)")
        #expect(alert.object.objectClass == .fire)
    }

    @Test(arguments: [12.5, 15]) func `a camera of few pictures a second is enough`(rate: Double) throws {
        let run = try watch(seconds: 16, rate: rate) { try FlameScenery.dayFlames.scene(at: $0) }
        #expect(run.opened.count == 1)
    }

    @Test(arguments: FlameScenery.allCases.filter { !$0.isFire })
    func `what only looks or only flickers like flames is nothing`(
        scenery: FlameScenery
    ) throws {
        let run = try watch(seconds: 40) { try scenery.scene(at: $0) }
        #expect(run.opened.isEmpty, "\(run.incidents)")
        // Eleven bursts of forty pictures: what the budget allows.
        #expect(run.burstFrames <= 440)
    }

    @Test func `what stands and shines is asked once, and costs nothing more`() throws {
        let run = try watch(seconds: 60) { try FlameScenery.wall.scene(at: $0) }
        #expect((1...41).contains(run.burstFrames))
    }

    @Test func `flames that go out end`() throws {
        let run = try watch(seconds: 44) { seconds in
            try (seconds < 20 ? FlameScenery.dayFlames : .steam).scene(at: seconds)
        }
        #expect(run.incidents.filter { $0.state != .updated }.map(\.state) == [.opened, .closed])
        let closed = try #require(run.incidents.last?.closed)
        #expect((18...26).contains(closed.seconds))
    }

    @Test func `flames and the smoke above them are one alert`() throws {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map { Point(x: $0.0, y: $0.1) }
        let zone = Zone(id: "all", name: "", polygon: Polygon(corners))
        var rule = SmokeRule(kind: .smokeAndFire, zone: zone, dwell: 10)
        var book = IncidentBook(camera: "c") { _ in UUID() }
        var states: [Incident.State] = []
        for seconds in stride(from: 0.0, through: 40, by: 2) {
            func plume(_ id: Int, _ y: Double, from: Double, until: Double) -> [Plume] {
                guard seconds >= from, seconds <= until else { return [] }
                return [
                    Plume(
                        id: id, box: Box(x: 0.4, y: y, width: 0.2, height: 0.2), since: MediaTime(from),
                        lastSeen: MediaTime(seconds),
                        presence: seconds < until ? .visible : .gone(at: MediaTime(seconds)), certainty: 0.9)
                ]
            }
            let look = Observation(
                scene: try FlameScenery.wall.scene(at: seconds), plumes: plume(1, 0.3, from: 6, until: 40),
                flames: plume(-1, 0.5, from: 0, until: 24))
            states += book.advance(rule.evaluate(look), at: MediaTime(seconds)).map(\.state)
        }
        #expect(states.filter { $0 == .opened }.count == 1, "\(states)")
        #expect(states.filter { $0 == .closed }.count <= 1)
    }
}
