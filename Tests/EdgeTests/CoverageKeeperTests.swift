import Analytics
import Console
import Contract
import Domain
import Foundation
import Logging
import ServiceLifecycle
import Store
import Synchronization
import TestSupport
import Testing
import Video

@testable import Edge

/// What is kept of the last day, with a clock and cameras of the test's own.
@Suite(.waiting) struct CoverageKeeperTests {
    private static let quarter = 900.0
    /// The beginning of a quarter of an hour.
    private static let start = 1_795_500_000.0

    private final class Site: Sendable {
        struct State: Sendable {
            var date = CoverageKeeperTests.start
            var uptime = 50.0
            var samples: [CoverageKeeper.Sample] = []
            /// How often the cameras were looked at.
            var looks = 0
        }

        let state = Mutex(State())
        let folder: TemporaryFolder
        let outbox: Outbox

        init() throws {
            folder = try TemporaryFolder()
            outbox = try Outbox(file: folder.file("outbox.sqlite"))
        }

        func keeper(_ outbox: Outbox? = nil) -> CoverageKeeper {
            CoverageKeeper(
                outbox: outbox ?? self.outbox,
                samples: { [weak self] in
                    self?.state.withLock { state in
                        state.looks += 1
                        return state.samples
                    } ?? []
                },
                clocks: Clocks(
                    now: { [weak self] in Date(timeIntervalSince1970: self?.state.withLock(\.date) ?? 0) },
                    uptime: { [weak self] in self?.state.withLock(\.uptime) ?? 0 }),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        func be(_ state: CameraReport.State?, _ blind: [String: Double] = [:], camera: String = "cam-01") {
            let zones = blind.map { CameraMeter.Blindness(zone: $0.key, seconds: $0.value) }
            self.state.withLock { site in
                site.samples.removeAll { $0.camera == camera }
                site.samples.append(.init(camera: camera, state: state?.rawValue, blind: zones))
            }
        }

        /// Time goes on, and the keeper looks every ten seconds of it.
        func pass(_ seconds: Double, _ keeper: CoverageKeeper) {
            for _ in 0..<Int(seconds / 10) {
                state.withLock { site in
                    site.date += 10
                    site.uptime += 10
                }
                keeper.sample()
            }
        }
    }

    private static func last(_ keeper: CoverageKeeper, _ camera: String = "cam-01") throws -> CameraParts.Coverage? {
        try keeper.history(quarters: 96).coverage[camera]?.last
    }

    @Test func `time belongs to what a camera is, and is kept over a restart`() throws {
        let site = try Site()
        let keeper = site.keeper()
        keeper.sample()
        site.be(.online)
        site.pass(300, keeper)
        site.be(.blind)
        site.pass(60, keeper)
        #expect(try Self.last(keeper) == CameraParts.Coverage(saw: 300, blind: 60))
        keeper.write()
        #expect(try Self.last(keeper) == CameraParts.Coverage(saw: 300, blind: 60), "nothing counts twice")
        let next = site.keeper()
        next.sample()
        site.be(.offline)
        site.pass(120, next)
        next.write()
        site.be(nil)
        site.pass(10, next)
        #expect(try Self.last(next) == CameraParts.Coverage(saw: 300, blind: 60, offline: 130))
        let history = try next.history(quarters: 96)
        #expect(history.start == Self.start - 95 * Self.quarter && history.elapsed == 490)
        #expect(history.backlog.count == 96 && history.coverage["cam-01"]?.count == 96)
    }

    @Test func `looks that come late are no sight, and of a camera that turns only where no zone is seen`() throws {
        let site = try Site()
        let keeper = site.keeper()
        site.be(.online, ["np1": 5])
        keeper.sample()
        site.be(.online, ["np1": 8])
        site.pass(10, keeper)
        #expect(try Self.last(keeper) == CameraParts.Coverage(saw: 7, blind: 3))
        // The preset of one is away, the other is seen.
        site.be(.online, ["np1": 8, "np2": 100])
        site.pass(10, keeper)
        site.be(.online, ["np1": 8, "np2": 110])
        site.pass(10, keeper)
        #expect(try Self.last(keeper) == CameraParts.Coverage(saw: 27, blind: 3))
        // A reload starts the camera anew: it counts from 0.
        site.be(.online, ["np1": 2, "np2": 2])
        site.pass(10, keeper)
        #expect(try Self.last(keeper) == CameraParts.Coverage(saw: 35, blind: 5))
    }

    @Test func `what nobody saw is not recorded: a machine that slept, a clock that was never set`() throws {
        let site = try Site()
        let keeper = site.keeper()
        site.be(.online)
        keeper.sample()
        site.state.withLock { $0.uptime += 500 }
        keeper.sample()
        #expect(try Self.last(keeper) == nil)
        site.state.withLock { $0.date = 1000 }
        site.pass(50, keeper)
        keeper.write()
        site.state.withLock { $0.date = Self.start }
        keeper.sample()
        site.pass(20, keeper)
        #expect(try Self.last(keeper) == CameraParts.Coverage(saw: 20))
    }

    @Test func `a day is kept, and no more`() throws {
        let site = try Site()
        let keeper = site.keeper()
        site.be(.online)
        keeper.sample()
        for _ in 0..<130 {
            // A quarter of an hour, in which the machine sleeps most of the time.
            site.pass(20, keeper)
            keeper.count()
            keeper.write()
            site.state.withLock { $0.date += Self.quarter - 20 }
        }
        let all = try site.outbox.coverage(0...Int.max / 1000)
        #expect(all.coverage.count == 101 && all.backlog.count == 101)
        let history = try keeper.history(quarters: 96)
        // The current quarter has just begun.
        #expect(history.coverage["cam-01"]?.filter { $0.saw == 20 }.count == 95)
    }

    @Test func `what waits for the broker is counted, at most and for how long`() throws {
        let site = try Site()
        let keeper = site.keeper()
        keeper.count()
        #expect(try keeper.history(quarters: 4).backlog.last == CameraParts.Backlog())
        // A message that nobody takes.
        let incident = Incident(
            id: UUIDv7.make(), kind: .illegalParking, camera: "c1", zone: "z", firstSeen: MediaTime(0),
            confirmed: MediaTime(300), lastSeen: MediaTime(300), threshold: 300,
            object: .init(objectClass: .car, confidence: 0.7, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)))
        try site.outbox.append(incident) {
            AlertMessage(
                sequence: $1, id: UUIDv7.make(), subject: $0.id, topic: "t", openTopic: "o", isOpen: true, payload: [])
        }
        for _ in 0..<3 { keeper.count() }
        #expect(try keeper.history(quarters: 4).backlog.last == CameraParts.Backlog(most: 1, seconds: 180))
        keeper.write()
        keeper.count()
        #expect(try keeper.history(quarters: 4).backlog.last == CameraParts.Backlog(most: 1, seconds: 240))
    }

    @Test func `what a disk does not take is kept, and written once it does`() throws {
        let site = try Site()
        let refusing = site.keeper(try Outbox(reading: site.folder.file("outbox.sqlite")))
        site.be(.online)
        refusing.sample()
        site.pass(100, refusing)
        refusing.write()
        refusing.write()
        #expect(try Self.last(refusing) == CameraParts.Coverage(saw: 100))
        #expect(try site.outbox.coverage(0...Int.max / 1000).coverage.isEmpty)
    }

    @Test func `blind seconds since midnight are those of its quarters`() throws {
        let site = try Site()
        let keeper = site.keeper()
        site.be(.offline)
        keeper.sample()
        site.pass(60, keeper)
        site.state.withLock { $0.date += Self.quarter }
        keeper.sample()
        site.be(.blind)
        site.pass(30, keeper)
        let now = Date(timeIntervalSince1970: site.state.withLock(\.date))
        #expect(try keeper.blind(since: now.addingTimeInterval(-7200))["cam-01"] == 90)
        #expect(try keeper.blind(since: Date(timeIntervalSince1970: Self.start + Self.quarter))["cam-01"] == 30)
    }

    @Test func `a stop writes what there is`() async throws {
        let site = try Site()
        let keeper = site.keeper()
        site.be(.online)
        let group = ServiceGroup(
            services: [keeper], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await group.run() }
        #expect(try await eventually { site.state.withLock { $0.looks > 0 } })
        site.state.withLock { site in
            site.date += 10
            site.uptime += 10
        }
        await group.triggerGracefulShutdown()
        try await running.value
        // A stop waits a second for the disk, which may be busy with others for longer.
        #expect(try await eventually { try site.outbox.coverage(0...Int.max / 1000).coverage.map(\.saw) == [10] })
    }
}
