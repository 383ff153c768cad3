import Foundation
import Inference
import TestSupport
import Testing
import Threading

@testable import Bench

/// The bars of the product, on the shared footage, through the pipeline of the daemon.
@Suite(
    .enabled(if: Prepared.isReady, "needs 'make models' and ../shared/footage"),
    .heavy(minutes: 15))
struct FootageTests {
    private func run(_ clip: String, dwell: Double, isAnew: Bool = false) async throws -> ClipReport {
        let detector = try isAnew ? Prepared.uncachedDetector() : Prepared.detector()
        let path = try #require(Footage.clip(clip))
        return try await Benchmark(detector: detector, options: .init(dwell: dwell)).run(path)
    }

    /// What two tests ask for is run once; what is compared with it is run anew, both without the cache.
    /// On a thread of its own, as a test with a turn is.
    private static let parking = Task(executorPreference: DedicatedThread(name: "parking")) {
        try await Self().run("composed/parking.mp4", dwell: 10, isAnew: true)
    }

    @Test(arguments: [(10.0, 2), (30, 1), (120, 0)])
    func `every parked car is one alert, and nothing else is`(dwell: Double, expected: Int) async throws {
        let report =
            dwell == 10 ? try await Self.parking.value : try await run("composed/parking.mp4", dwell: dwell)
        #expect(report.matched == expected && report.alerts.count == expected)
        #expect((report.missed, report.wrong, report.duplicate) == (0, 0, 0))
        #expect(report.blindSeconds == 0)
        if dwell == 30 {
            let alert = try #require(report.alerts.first)
            #expect((59...66).contains(alert.openedS))
            #expect(try #require(alert.closedS) > 104)
        }
    }

    @Test func `a pile of bags is one alert, and the smoke above it another`() async throws {
        let report = try await run("composed/garbage-smoke.mp4", dwell: 20)
        #expect((report.matched, report.missed, report.wrong, report.duplicate) == (2, 0, 0, 0))
        let garbage = try #require(report.alerts.first { $0.kind == "env.garbage_exposed" })
        #expect((65...75).contains(garbage.openedS))
        #expect(try #require(garbage.closedS) > 135)
        let smoke = try #require(report.alerts.first { $0.kind == "env.burning" })
        #expect(smoke.openedS <= 105)
        #expect(try #require(smoke.closedS) > 120)
    }

    @Test func `a stall is one alert, and pedestrians are none`() async throws {
        let report = try await run("composed/vending-simulated.mp4", dwell: 30)
        #expect((report.matched, report.missed, report.wrong, report.duplicate) == (1, 0, 0, 0))
        let alert = try #require(report.alerts.first)
        #expect((60...70).contains(alert.openedS))
        #expect(try #require(alert.closedS) > 150)
    }

    @Test(arguments: ["real/signal-crossing.mp4", "real/residential-street.mp4"])
    func `real streets give no false alert`(clip: String) async throws {
        let report = try await run(clip, dwell: 8)
        #expect((report.wrong, report.duplicate) == (0, 0))
        #expect(report.blindSeconds == 0)
    }

    @Test(arguments: [
        "footpath", "motorway-dusk", "multilane-dusk", "pi-street-cyclist", "pi-street-truck", "refuse-room",
        "topdown-lane", "tunnel",
    ])
    func `clips without a violation give no alert`(clip: String) async throws {
        let report = try await run("real/\(clip).mp4", dwell: 10)
        #expect(report.alerts.isEmpty)
        // The refuse room begins with a black picture and a look later is there.
        #expect(report.blindSeconds <= (clip == "refuse-room" ? 5 : 0))
    }

    /// Several boxes arise around it while it turns, and it stops twice on its way.
    @Test(arguments: [10.0, 30, 60]) func `a car that reverses into a bay is one alert, in time`(dwell: Double)
        async throws
    {
        let report = try await run("turn2/bay-arrival.mp4", dwell: dwell)
        #expect((report.matched, report.missed, report.wrong, report.duplicate) == (1, 0, 0, 0))
    }

    /// Its box is not judged by the clip's truth.
    @Test func `a motorcycle that burns at a pump is one alert, in time`() async throws {
        let report = try await run("turn2/fire-at-pump.mp4", dwell: 10)
        #expect(report.alerts.map(\.kind) == ["env.burning"])
        #expect((24.8...31).contains(try #require(report.alerts.first).openedS))
    }

    /// The shadow of a cloud over a whole site, four times; people at a gate by infra-red, with torches and insects.
    @Test(arguments: ["cloud-shadow", "infrared-gate"]) func `light and the living are no refuse`(clip: String)
        async throws
    {
        let report = try await run("turn2/\(clip).mp4", dwell: 10)
        #expect(report.alerts.isEmpty)
        #expect(report.blindSeconds == 0)
        // Of flames nothing can be said by infra-red.
        #expect(report.remarks.contains { $0.contains("no colour") } == (clip == "infrared-gate"))
    }

    /// It turns before its view is known.
    @Test func `a camera that turns and zooms sees nothing, and its zones rest`() async throws {
        let report = try await run("turn2/turning-camera.mp4", dwell: 10)
        #expect(report.alerts.isEmpty)
        #expect(report.blindSeconds >= 40)
    }

    @Test func `the same input gives the same alerts`() async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let first = try await Self.parking.value
        let second = try await run("composed/parking.mp4", dwell: 10, isAnew: true)
        #expect(try encoder.encode(first.alerts) == encoder.encode(second.alerts))
        #expect(!first.alerts.isEmpty)
    }
}
