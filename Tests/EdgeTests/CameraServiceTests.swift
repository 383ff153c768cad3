import Analytics
import Dispatch
import Domain
import EdgeSupport
import Foundation
import Inference
import Logging
import PipelineSupport
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import Threading

@testable import Contract
@testable import Edge
@testable import Pipeline
@testable import Store
@testable import Video

/// The task of one camera: pictures of the test's own go in, incidents and states come out. No time is waited for.
@Suite(.waiting) struct CameraServiceTests {
    private static let car = Detection(
        objectClass: .car, score: 0.8, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2))

    /// A camera in its place between store and detector, with what it says and writes.
    private final class Site: Sendable {
        let outbox: Outbox
        let writer: IncidentWriter
        let script: ScriptedDetector
        let identity: SiteIdentity
        let reviewMailbox = ReviewMailbox()
        let reports = Mutex<[CameraReport]>([])
        private let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            script = try ScriptedDetector()
            outbox = try Outbox(file: folder.file("outbox.sqlite"))
            identity = SiteIdentity(
                id: "edge-01", place: try Self.place(), software: "test", configurationSHA256: "", catalogue: "1",
                model: .init(name: "m", version: "1", sha256: ""))
            writer = IncidentWriter(
                outbox: outbox, archive: nil, site: identity, topics: AlertTopics(), catalogue: try Catalogue.builtIn(),
                logger: CameraServiceTests.noLogger
            ) {}
        }

        private static func place() throws -> GridLocation {
            GridLocation(area: try AreaCode("320583102201"), grid: "003", microgrid: "02")
        }

        func settings(zones: [String] = ["np1"], url: String = "rtsp://127.0.0.1:1/a") throws -> CameraService.Settings
        {
            let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map { Point(x: $0.0, y: $0.1) }
            return CameraService.Settings(
                identity: CameraIdentity(id: "cam-01", name: "North", place: try Self.place(), timeZone: .gmt),
                stream: .init(url: CameraURL(url)),
                zones: zones.map {
                    WatchedZone(
                        zone: Zone(id: $0, name: "", polygon: Polygon(corners)),
                        rules: [.illegalParking: ParkingSettings(dwell: 30)])
                }, minimumScore: 0.5, hasTiles: false)
        }

        /// It goes on from what the store has of the camera.
        func camera(
            _ settings: CameraService.Settings, _ source: ScriptedSource, unwritten: [Incident] = []
        ) throws -> CameraService {
            CameraService(
                settings: settings, site: identity, detector: script.detector, classifier: nil, maker: nil,
                writer: writer,
                restored: try CameraCheckpoint(
                    of: "cam-01", in: outbox, unwritten: unwritten, logger: CameraServiceTests.noLogger),
                reviewMailbox: reviewMailbox, source: source, logger: CameraServiceTests.noLogger
            ) { report in self.reports.withLock { $0.append(report) } }
        }

        /// In sequence.
        func events() async throws -> [AlertEvent] {
            await writer.settle()
            return try outbox.messages(from: 1, through: 1000).map { try AlertEvent(json: Data($0.payload)) }
        }

        func states() -> [CameraReport.State] { reports.withLock { $0.map(\.state) } }
    }

    /// All that were made, in order.
    private final class Sources: Sendable {
        private let made = Mutex<[ScriptedSource]>([])

        var count: Int { made.withLock(\.count) }
        var last: ScriptedSource? { made.withLock(\.last) }

        func make() -> ScriptedSource {
            let source = ScriptedSource()
            made.withLock { $0.append(source) }
            return source
        }
    }

    private static let noLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private let site: Site
    private let source = ScriptedSource()

    init() throws {
        site = try Site()
        site.script.says([Self.car])
    }

    /// Runs the camera while `body` shows it things, and stops it.
    private func run(
        _ source: ScriptedSource, _ settings: CameraService.Settings? = nil,
        _ body: (CameraService) async throws -> Void
    ) async throws {
        let service = try site.camera(try settings ?? site.settings(), source)
        let running = Task { await service.run() }
        do { try await body(service) } catch {
            source.letGo()
            throw error
        }
        service.stop()
        #expect(await finishes(within: Patience.seconds(10)) { await running.value }, "the camera does not end")
    }

    /// Looks every two seconds, each after the one before.
    private func look(_ source: ScriptedSource, from: Double, through: Double, isCovered: Bool = false) async throws {
        for seconds in stride(from: from, through: through, by: 2) {
            await source.show(try BlockStreet.frame(at: seconds, isCovered: isCovered))
        }
    }

    @Test func `a camera starts, tells its state, and what stands there long enough is an incident`() async throws {
        try await run(source) { service in
            #expect(try await eventually { source.start != nil })
            source.tell(.connecting)
            source.tell(.online)
            #expect(try await eventually { site.states() == [.online] })
            try await look(source, from: 0, through: 28)
            #expect(try await site.events().isEmpty)
            try await look(source, from: 30, through: 40)
            #expect(service.meter.reading.looks == 21 && service.meter.reading.inferences > 0)
            #expect(source.attention == .looks)
        }
        let events = try await site.events()
        #expect(events.map(\.data.incident.state) == ["opened"])
        let observed = try #require(events.first?.data.observed)
        #expect(observed.dwellSeconds == 30 && observed.clock.source == "host")
        // Of this one no stream has told how its pictures are.
        #expect(site.reports.withLock { $0.last?.picture?.shown } == [320, 180])
    }

    @Test func `what is doubtful of the main stream stands in the camera's state until it is put right`() async throws {
        try await run(source) { service in
            source.tell(.online)
            try await look(source, from: 0, through: 2)
            service.meter.detailed(remark: "another shape")
            try await look(source, from: 4, through: 6)
            #expect(try await eventually { site.reports.withLock { $0.last?.warning } == "another shape" })
            service.meter.detailed(remark: nil)
            try await look(source, from: 8, through: 10)
            #expect(try await eventually { site.reports.withLock { $0.last.map { $0.warning == nil } == true } })
            #expect(site.states().allSatisfy { $0 == .online })
        }
    }

    @Test(arguments: ["host", "file"]) func `an alert says by which clock it is dated`(clock: String) async throws {
        let url = clock == "file" ? "/tmp/clip.mp4" : "rtsp://127.0.0.1:1/a"
        try await run(source, try site.settings(url: url)) { _ in
            try await look(source, from: 0, through: 30)
        }
        #expect(try await site.events().map(\.data.observed.clock.source) == [clock])
    }

    @Test func `a stream that breaks and comes back is told, and the time goes on`() async throws {
        try await run(source) { _ in
            source.tell(.online)
            try await look(source, from: 0, through: 20)
            source.tell(.offline("no answer"))
            #expect(try await eventually { site.states().last == .offline })
            #expect(site.reports.withLock { $0.last?.reason } == "no answer")
            source.tell(.connecting)
            source.tell(.online)
            #expect(try await eventually { site.states().last == .online })
            try await look(source, from: 26, through: 40)
        }
        let events = try await site.events()
        #expect(events.map(\.data.incident.state) == ["opened"])
        #expect(events.first?.data.observed.dwellSeconds == 30)
        // Connecting is none of a subscriber's business.
        #expect(site.states().filter { $0 == .offline }.count == 1)
    }

    @Test func `a camera that goes blind says so and concludes nothing, and sees again`() async throws {
        try await run(source) { _ in
            source.tell(.online)
            try await look(source, from: 0, through: 40)
            try await look(source, from: 42, through: 80, isCovered: true)
            #expect(site.states().last == .blind)
            try await look(source, from: 82, through: 120)
            #expect(site.states().last == .online)
        }
        let told = try await site.events().map(\.data.incident.state)
        #expect(told.first == "opened" && told.dropFirst().allSatisfy { $0 == "updated" })
        #expect(site.reports.withLock { $0.filter { $0.state == .blind }.map(\.fault) }.first == "black")
    }

    @Test func `a look that fails ends nothing, and the incident is told once it is seen`() async throws {
        try await run(source) { _ in
            try await look(source, from: 0, through: 20)
            site.script.fails()
            try await look(source, from: 22, through: 40)
            #expect(try await site.events().isEmpty)
            site.script.says([Self.car])
            try await look(source, from: 42, through: 56)
        }
        #expect(try await site.events().map(\.data.incident.state) == ["opened"])
    }

    @Test func `after a stop the next run goes on with what stood there`() async throws {
        try await run(source) { _ in try await look(source, from: 0, through: 20) }
        await site.writer.settle()
        let kept = try #require(try site.outbox.moment(camera: "cam-01"))
        #expect(kept.time == MediaTime(20))
        let again = ScriptedSource()
        try await run(again) { _ in
            #expect(try await eventually { again.start != nil })
            #expect(try #require(again.start) >= kept.time)
            try await look(again, from: 24, through: 40)
        }
        let events = try await site.events()
        #expect(events.map(\.data.incident.state) == ["opened"])
        // At the next look, at the latest.
        #expect([30, 32].contains(events.first?.data.observed.dwellSeconds))
    }

    @Test func `an incident that a review has ended is not told again while its car stands there`() async throws {
        try await run(source) { _ in
            try await look(source, from: 0, through: 30)
            let incident = try #require(UUID(uuidString: try await site.events().first?.subject ?? ""))
            site.reviewMailbox.post(incident, camera: "cam-01")
            try await look(source, from: 32, through: 100)
            // And gone.
            site.script.says([])
            try await look(source, from: 102, through: 140)
        }
        #expect(try await site.events().map(\.data.incident.state) == ["opened"])
    }

    @Test func `who asks for a picture gets the next one, and none from a camera that has stopped`() async throws {
        try await run(source) { service in
            try await look(source, from: 0, through: 2)
            let asked = Task { await service.requests.next(within: Patience.seconds(30)) }
            var seconds = 4.0
            let got = Atomic(false)
            let answer = Task {
                let frame = await asked.value
                got.store(true, ordering: .relaxed)
                return frame
            }
            while !got.load(ordering: .relaxed) {
                try await look(source, from: seconds, through: seconds)
                seconds += 2
            }
            #expect(try #require(await answer.value).time >= MediaTime(4))
            service.stop()
            #expect(await service.requests.next(within: Patience.seconds(30)) == nil)
        }
    }

    @Test func `a reload restarts a camera whose zones changed, and what is open in the others stays open`()
        async throws
    {
        let sources = Sources()
        let site = site
        let registry = CameraRegistry()
        let fleet = try CameraFleet(
            cameras: [try site.settings(zones: ["np1", "np2"])], registry: registry, outbox: site.outbox,
            writer: site.writer, logger: Self.noLogger
        ) { settings, unwritten in
            try site.camera(settings, sources.make(), unwritten: unwritten)
        }
        let group = ServiceGroup(services: [fleet], logger: Self.noLogger)
        let running = Task { try await group.run() }
        #expect(try await eventually { !registry.services.isEmpty })
        var source = try #require(sources.last)
        try await look(source, from: 0, through: 32)
        #expect(try await site.events().map(\.data.zone.id).sorted() == ["np1", "np2"])

        // The same again touches nothing.
        #expect(try await fleet.reload([try site.settings(zones: ["np1", "np2"])]).kept == ["cam-01"])
        #expect(sources.count == 1 && !source.isStopped)

        #expect(try await fleet.reload([try site.settings(zones: ["np1", "np3"])]).restarted == ["cam-01"])
        #expect(source.isStopped && sources.count == 2)
        source = try #require(sources.last)
        try await look(source, from: 36, through: 70)
        // That it is seen again is told now and then.
        let told = try await site.events().filter { $0.data.incident.state != "updated" }
            .map { "\($0.data.zone.id) \($0.data.incident.state)" }
        #expect(told.filter { $0.hasPrefix("np1") } == ["np1 opened"])
        #expect(told.filter { $0.hasPrefix("np2") } == ["np2 opened", "np2 closed"])
        #expect(told.filter { $0.hasPrefix("np3") } == ["np3 opened"])
        await group.triggerGracefulShutdown()
        #expect(await finishes(within: Patience.seconds(10)) { try? await running.value })
        #expect(source.isStopped)
    }

    /// Runs a fleet of one camera, first with this source, whose stop does not end it.
    private func reload(
        _ hung: ScriptedSource, whileRunning body: (_ reload: () async throws -> ScriptedSource) async throws -> Void
    ) async throws {
        let (site, sources) = (site, Sources())
        let fleet = try CameraFleet(
            cameras: [try site.settings()], registry: CameraRegistry(), outbox: site.outbox, writer: site.writer,
            logger: Self.noLogger
        ) { settings, unwritten in
            try site.camera(settings, hung.start == nil ? hung : sources.make(), unwritten: unwritten)
        }
        let group = ServiceGroup(services: [fleet], logger: Self.noLogger)
        let running = Task { try await group.run() }
        #expect(try await eventually { hung.start != nil })
        try await body {
            let settings = try site.settings(zones: ["np1", "np2"])
            let outcome = Mutex<CameraFleet.Outcome?>(nil)
            let reload = Task {
                let made = try? await fleet.reload([settings])
                outcome.withLock { $0 = made }
            }
            #expect(await finishes(within: Patience.seconds(10)) { await reload.value }, "the reload does not end")
            #expect(outcome.withLock { $0?.restarted } == ["cam-01"])
            return try #require(sources.last)
        }
        await group.triggerGracefulShutdown()
        #expect(await finishes(within: Patience.seconds(10)) { try? await running.value })
    }

    @Test func `a reload does not wait for a search for a host's name, and the next run goes on where the looks ended`()
        async throws
    {
        let hung = ScriptedSource(hangs: true)
        defer { hung.letGo() }
        let site = site
        try await reload(hung) { reload in
            try await look(hung, from: 0, through: 20)
            let next = try await reload()
            let told = site.reports.withLock(\.count)
            // What is left of the old run is neither seen nor told.
            hung.tell(.offline("no such host"))
            try await look(next, from: 26, through: 34)
            hung.letGo()
            try await look(next, from: 36, through: 60)
            let events = try await site.events().filter { $0.data.incident.state == "opened" }
            #expect(events.map(\.data.zone.id).sorted() == ["np1", "np2"])
            #expect([30, 32].contains(events.first { $0.data.zone.id == "np1" }?.data.observed.dwellSeconds))
            #expect(site.states().dropFirst(told).allSatisfy { $0 != .offline })
        }
    }

    @Test func `nothing is told of a look that hung during a reload`() async throws {
        let hung = ScriptedSource(hangs: true)
        defer { hung.letGo() }
        let site = site
        let gate = DispatchSemaphore(value: 0)
        let isHeld = Atomic(false)
        try await reload(hung) { reload in
            try await look(hung, from: 0, through: 28)
            site.script.holds {
                isHeld.store(true, ordering: .relaxed)
                gate.wait()
            }
            // The look that would tell of the car.
            let last = Task { try await look(hung, from: 30, through: 32) }
            #expect(try await eventually { isHeld.load(ordering: .relaxed) })
            let next = try await reload()
            site.script.holds(nil)
            site.script.says([])
            for _ in 0..<10 { gate.signal() }
            hung.letGo()
            try await last.value
            #expect(try await site.events().isEmpty)
            site.script.says([Self.car])
            try await look(next, from: 40, through: 70)
            let told = try await site.events().filter { $0.data.incident.state == "opened" }
            #expect(told.map(\.data.zone.id).sorted() == ["np1", "np2"])
        }
    }

    @Test func `a stop does not wait for a camera that does not end, as in a search for its host's name`()
        async throws
    {
        let hung = ScriptedSource(hangs: true)
        defer { hung.letGo() }
        let site = site
        let registry = CameraRegistry()
        let fleet = try CameraFleet(
            cameras: [try site.settings()], registry: registry, outbox: site.outbox, writer: site.writer,
            logger: Self.noLogger
        ) { settings, _ in try site.camera(settings, hung) }
        let group = ServiceGroup(services: [fleet], logger: Self.noLogger)
        let running = Task { try await group.run() }
        #expect(try await eventually { hung.start != nil })
        // A reload that waits for it does not keep the stop either.
        let reload = Task { (try? await fleet.reload([])) != nil }
        #expect(try await eventually { hung.isStopped })
        await group.triggerGracefulShutdown()
        #expect(await finishes(within: Patience.seconds(10)) { try? await running.value })
        hung.letGo()
        _ = await reload.value
    }
}
