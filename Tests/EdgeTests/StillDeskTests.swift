import Analytics
import Console
import Contract
import Domain
import EdgeSupport
import Foundation
import Inference
import Logging
import Pipeline
import PipelineSupport
import Store
import Synchronization
import TestSupport
import Testing
import Video

@testable import Edge
@testable import Evidence

/// Small masked pictures on request, from the looks of a camera that a test shows its pictures.
@Suite(.waiting) struct StillDeskTests {
    private static let noLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private final class Site: Sendable {
        let script: ScriptedDetector
        let maker: EvidenceMaker
        let meter = CameraMeter()
        let registry: CameraRegistry
        let source = ScriptedSource("cam-01")
        let identity: CameraIdentity
        let site: SiteIdentity
        private let clock = Mutex(1000.0)
        private let seconds = Mutex(0.0)
        private let run: Mutex<Task<Void, Never>?>
        private let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            script = try ScriptedDetector()
            maker = EvidenceMaker(masking: script.masking, engines: script.engines)
            let place = GridLocation(area: try AreaCode("320583102201"), grid: "003", microgrid: "02")
            site = SiteIdentity(
                id: "edge-01", place: place, software: "test", configurationSHA256: "", catalogue: "1",
                model: .init(name: "m", version: "1", sha256: ""))
            identity = CameraIdentity(id: "cam-01", name: "North", place: place, timeZone: .gmt)
            registry = CameraRegistry([identity])
            let outbox = try Outbox(file: folder.file("outbox.sqlite"))
            let writer = IncidentWriter(
                outbox: outbox, archive: nil, site: site, topics: AlertTopics(), catalogue: try Catalogue.builtIn(),
                logger: StillDeskTests.noLogger
            ) {}
            let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map { Point(x: $0.0, y: $0.1) }
            let zone = WatchedZone(
                zone: Zone(id: "np1", name: "", polygon: Polygon(corners)),
                rules: [.illegalParking: ParkingSettings(dwell: 30)])
            let service = CameraService(
                settings: .init(
                    identity: identity, stream: .init(url: CameraURL("rtsp://127.0.0.1:1/a")), zones: [zone],
                    minimumScore: 0.5, hasTiles: false), site: site, detector: script.detector, classifier: nil,
                maker: nil, writer: writer,
                restored: try CameraCheckpoint(of: "cam-01", in: outbox, logger: StillDeskTests.noLogger),
                meter: meter, source: source, logger: StillDeskTests.noLogger
            ) { _ in }
            run = Mutex(Task { await service.run() })
            registry.services = [service]
        }

        deinit { run.withLock { $0?.cancel() } }

        func pass(_ more: Double) { clock.withLock { $0 += more } }

        /// - Parameter detector: finds vehicles in the stills; nil for the one of the looks.
        func desk(
            _ maker: EvidenceMaker?, detector: ScriptedDetector? = nil, patience: Duration = .seconds(60)
        ) -> StillDesk {
            StillDesk(
                maker: maker, detector: (detector ?? script).detector, registry: registry, patience: patience,
                uptime: { [weak self] in self?.clock.withLock(\.self) ?? 0 })
        }

        func look() async throws {
            let now = seconds.withLock { seconds in
                seconds += 2
                return seconds
            }
            await source.show(try BlockStreet.frame(at: now, size: (640, 360)))
        }

        /// Asks, and shows pictures until there is an answer.
        func ask(_ desk: StillDesk) async throws -> StillDesk.Answer {
            let answer = Mutex<StillDesk.Answer?>(nil)
            let asking = Task {
                let found = await desk.still(of: "cam-01")
                answer.withLock { $0 = found }
                return found
            }
            while answer.withLock({ $0 == nil }) { try await look() }
            return await asking.value
        }

        /// As the camera's report says it.
        func turn(_ state: CameraReport.State, fault: String? = nil) {
            var report = CameraReport(camera: identity, site: site, state: state)
            report.fault = fault
            meter.changed(to: report)
        }

        func stop() async {
            source.letGo()
            await run.withLock(\.self)?.value
        }
    }

    private static func name(_ answer: StillDesk.Answer) -> String {
        switch answer {
        case .picture: "picture"
        case .noMasks: "noMasks"
        case .cannotMask: "cannotMask"
        case .offline: "offline"
        case .noPicture: "noPicture"
        case .busy: "busy"
        }
    }

    private static func picture(_ answer: StillDesk.Answer) throws -> CameraParts.Still {
        guard case .picture(let still) = answer else {
            Issue.record("no picture: \(answer)")
            throw CancellationError()
        }
        return still
    }

    @Test func `a still is of a look, 480 pixels wide, and within a minute everybody gets the same one with its age`()
        async throws
    {
        let site = try Site()
        let desk = site.desk(site.maker)
        for _ in 0..<5 { try await site.look() }
        #expect(await site.maker.searches == 0, "nothing is made where nobody asks")
        let first = try Self.picture(try await site.ask(desk))
        let shown = try JPEG.decode(first.jpeg)
        #expect(shown.width == 480 && shown.height == 270 && first.jpeg.count <= 40 << 10)
        #expect(await site.maker.searches == 1)
        site.pass(59)
        // No look comes, and none is waited for.
        let second = try Self.picture(await desk.still(of: "cam-01"))
        #expect(second.jpeg == first.jpeg && second.taken == first.taken && second.age == first.age + 59)
        site.pass(2)
        let third = try Self.picture(try await site.ask(desk))
        #expect(third.taken > first.taken && third.age < 1)
        #expect(await site.maker.searches == 2)
        await site.stop()
    }

    @Test func `many who ask at once share one picture`() async throws {
        let site = try Site()
        let desk = site.desk(site.maker)
        let answers = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<20 { group.addTask { try Self.picture(await desk.still(of: "cam-01")).jpeg } }
            let isOver = Mutex(false)
            let showing = Task { while !isOver.withLock(\.self) { try await site.look() } }
            var jpegs = Set<[UInt8]>()
            for try await jpeg in group { jpegs.insert(jpeg) }
            isOver.withLock { $0 = true }
            try await showing.value
            return jpegs
        }
        #expect(answers.count == 1)
        #expect(await site.maker.searches == 1)
        await site.stop()
    }

    @Test func `a camera that is offline shows its last picture, however old, or says that there is none`() async throws
    {
        let site = try Site()
        let desk = site.desk(site.maker)
        site.turn(.offline)
        #expect(await Self.name(desk.still(of: "cam-01")) == "offline")
        site.turn(.online)
        let seen = try Self.picture(try await site.ask(desk))
        site.turn(.offline)
        site.pass(3000)
        let old = try Self.picture(await desk.still(of: "cam-01"))
        #expect(old.taken == seen.taken && old.age >= 3000)
        // Taken out of the configuration, it leaves nothing behind.
        site.registry.adopt([])
        _ = await desk.still(of: "cam-01")
        site.registry.adopt([site.identity])
        #expect(await Self.name(desk.still(of: "cam-01")) == "offline")
        await site.stop()
    }

    @Test func `a camera that cannot see shows what it has before it`() async throws {
        let site = try Site()
        site.turn(.blind, fault: "covered")
        _ = try Self.picture(try await site.ask(site.desk(site.maker)))
        await site.stop()
    }

    @Test func `where nothing can be masked for certain there is no picture, and no attempt a second`() async throws {
        let site = try Site()
        #expect(await Self.name(site.desk(nil).still(of: "cam-01")) == "noMasks")
        let blank = EvidenceMaker(masking: MaskingModels(face: nil, plate: nil))
        #expect(await Self.name(site.desk(blank).still(of: "cam-01")) == "cannotMask")
        // The vehicles are not known, so their plates are not searched as they must be.
        let broken = try ScriptedDetector()
        broken.fails()
        let desk = site.desk(site.maker, detector: broken)
        #expect(try await Self.name(site.ask(desk)) == "cannotMask")
        broken.says([])
        #expect(await Self.name(desk.still(of: "cam-01")) == "cannotMask")
        #expect(await site.maker.searches == 0)
        site.pass(61)
        _ = try Self.picture(try await site.ask(desk))
        await site.stop()
    }

    @Test func `whom no look comes in time for is told so, and the picture is there for who asks again`() async throws {
        let site = try Site()
        let desk = site.desk(site.maker, patience: .zero)
        #expect(await Self.name(desk.still(of: "cam-01")) == "noPicture")
        var looks = 0
        while await Self.name(desk.still(of: "cam-01")) != "picture", looks < 500 {
            try await site.look()
            looks += 1
        }
        #expect(looks < 500)
        await site.stop()
    }
}
