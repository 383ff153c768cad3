import Analytics
import Domain
import EdgeSupport
import Foundation
import Inference
import Logging
import PipelineSupport
import Synchronization
import TestSupport
import Testing
import Threading

@testable import Contract
@testable import Edge
@testable import Evidence
@testable import Pipeline
@testable import Store
@testable import Video

/// Evidence from a camera's main stream: when it is used, when not, and that nothing waits for it that need not.
@Suite(.waiting) struct DetailPicturesTests {
    private static let car = Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)

    /// The main streams that were opened.
    private final class Streams: Sendable {
        private let answer: Mutex<ScriptedDetail.Answer>
        private let made = Mutex<[ScriptedDetail]>([])

        init(_ answer: ScriptedDetail.Answer) { self.answer = Mutex(answer) }

        var all: [ScriptedDetail] { made.withLock(\.self) }

        func says(_ answer: ScriptedDetail.Answer) { self.answer.withLock { $0 = answer } }

        func open() -> ScriptedDetail {
            let stream = ScriptedDetail(answer.withLock(\.self))
            made.withLock { $0.append(stream) }
            return stream
        }
    }

    private final class Meters: Sendable {
        private let made = Mutex<[String: CameraMeter]>([:])

        subscript(camera: String) -> CameraMeter {
            made.withLock { made in
                let meter = made[camera] ?? CameraMeter()
                made[camera] = meter
                return meter
            }
        }
    }

    /// A store with its writer, and main streams that do what a test says.
    private struct Site {
        let script: ScriptedDetector
        let outbox: Outbox
        let archive: EvidenceArchive
        let details: DetailPictures
        let writer: IncidentWriter
        let streams: Streams
        let meters: Meters
        let evidence: URL
        private let place: GridLocation
        private let folder: TemporaryFolder

        /// - Parameters:
        ///   - isLate: the limit is over as soon as a stream is open; otherwise it never is.
        ///   - without: a camera that has no main stream.
        ///   - masking: nil finds nothing to mask.
        ///   - url: of a real main stream.
        init(
            _ answer: ScriptedDetail.Answer = .fails, isLate: Bool = false, without: String = "",
            deadline: Duration = .seconds(3600), masking: MaskingModels? = nil, url: String? = nil
        ) throws {
            folder = try TemporaryFolder()
            evidence = folder.file("evidence")
            script = try ScriptedDetector()
            let identity = try SiteIdentity.edge01()
            place = identity.place
            outbox = try Outbox(file: folder.file("outbox.sqlite"))
            let maker =
                masking.map { EvidenceMaker(masking: $0) }
                ?? EvidenceMaker(masking: script.masking, engines: script.engines)
            archive = EvidenceArchive(
                maker: maker, store: try EvidenceStore(folder: evidence),
                ledger: try Ledger(folder: evidence, site: "edge-01"))
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let (streams, meters) = (Streams(answer), Meters())
            (self.streams, self.meters) = (streams, meters)
            details = DetailPictures(
                detector: script.detector, logger: logger,
                source: { settings in
                    if url == nil { return streams.open() }
                    return DetailStream(settings: settings, credentials: CredentialGate())
                },
                sleep: { _ in if !isLate { try? await Task.sleep(for: .seconds(3600)) } },
                main: { camera in
                    guard camera != without else { return nil }
                    let address = CameraURL(url ?? "rtsp://127.0.0.1:1/\(camera)")
                    return DetailPictures.Main(stream: .init(url: address), meter: meters[camera])
                })
            writer = IncidentWriter(
                outbox: outbox, archive: archive, site: identity, topics: AlertTopics(),
                catalogue: try Catalogue.builtIn(), logger: logger, deadline: deadline, details: details, wake: {})
        }

        /// An incident of a look, with the views that it would have.
        ///
        /// - Parameter earlier: an incident that it is a later revision of.
        func entry(
            _ look: Frame, camera: String = "cam-01", of objectClass: ObjectClass = .car, hasFirst: Bool = false,
            clock: ClockReport = ClockReport(), after earlier: Incident? = nil
        ) -> IncidentWriter.Entry {
            var incident =
                earlier
                ?? Incident(
                    id: UUIDv7.make(), kind: .illegalParking, camera: camera, zone: "z", firstSeen: MediaTime(0),
                    confirmed: look.time, lastSeen: look.time, threshold: 300,
                    object: .init(objectClass: objectClass, confidence: 0.7, box: car))
            if earlier != nil { (incident.state, incident.revision) = (.updated, incident.revision + 1) }
            func view(_ role: EvidenceImage.Role, part: Box? = nil) -> EvidenceView {
                EvidenceView(role: role, source: .frame(look), part: part, taken: look.date, vehicles: [car])
            }
            var views = [
                view(incident.state == .opened ? .panoramaConfirming : .panoramaLater),
                view(.closeUp, part: car.grown(by: 0.35)),
            ]
            if hasFirst {
                let first = Task<[UInt8], any Error> { try JPEG.encode(look) }
                views.insert(
                    EvidenceView(
                        role: .panoramaFirst, source: .compressed(first), taken: look.date.addingTimeInterval(-300),
                        vehicles: []), at: 0)
            }
            return IncidentWriter.Entry(
                change: .init(incident: incident, views: views),
                camera: CameraIdentity(id: camera, name: camera, place: place, timeZone: .gmt),
                zone: ZoneIdentity(id: "z", name: "Lane", surface: .carriageway), clock: clock,
                date: { [date = look.date, time = look.time] in date.addingTimeInterval($0 - time) })
        }

        func events() throws -> [AlertEvent] {
            try outbox.messages(from: 1, through: 1000).map { try AlertEvent(json: Data($0.payload)) }
        }

        /// [width, height] of a picture as it lies on the disk, with its caption.
        func size(_ picture: AlertEvent.Evidence) throws -> [Int] {
            let frame = try JPEG.decode(
                [UInt8](Data(contentsOf: evidence.appending(path: try #require(picture.file)))))
            return [frame.width, frame.height]
        }
    }

    /// The street as the watched stream shows it.
    private static func look(at seconds: Double = 300) throws -> Frame {
        try BlockStreet.frame(at: seconds, cars: [car])
    }

    /// The street as the main stream shows it two seconds later.
    private static func main(
        cars: [Box] = [car], size: (width: Int, height: Int) = (640, 360)
    ) throws -> Frame {
        try BlockStreet.frame(at: 302, cars: cars, size: size)
    }

    /// A picture of the main stream's size with this luma.
    private static func drawn(_ luma: (_ x: Int, _ y: Int) -> Int) throws -> Frame {
        let (width, height) = (640, 360)
        let pixels = (0..<width * height).map { UInt8(clamping: luma($0 % width, $0 / width)) }
        let grey = [UInt8](repeating: 128, count: width * height)
        return try Frame(
            planes: [pixels, grey, grey], width: width, height: height, time: MediaTime(302),
            date: Date(timeIntervalSince1970: 1_790_000_302))
    }

    private func text(_ seconds: Double) -> String {
        RFC3339.string(from: Date(timeIntervalSince1970: 1_790_000_000 + seconds), in: .gmt)
    }

    // MARK: what is shown

    @Test func `the look's pictures are taken from the main stream, with their own time, and the record says so`()
        async throws
    {
        let site = try Site(.picture(try Self.main()))
        site.writer.record([site.entry(try Self.look(), hasFirst: true)])
        await site.writer.settlePictures()
        let event = try #require(try site.events().last)
        let pictures = event.data.evidence
        #expect(pictures.map(\.role) == ["panorama-first", "panorama-confirming", "close-up"])
        #expect(pictures.map(\.stream) == [nil, "main", "main"])
        #expect(pictures.map(\.taken) == [text(0), text(302), text(302)])
        #expect(pictures.allSatisfy { $0.masked })
        #expect(try site.size(pictures[1])[0] == 640)
        #expect(!event.data.why.contains { $0.what.contains("main stream") })
        #expect(site.meters["cam-01"].reading.details == [nil: 1])
        #expect(site.meters["cam-01"].detailRemarks == [])
        let payloads = try site.outbox.messages(from: 1, through: 100).map { Data($0.payload) }
        #expect(try SchemaValidator.incident.violations(in: payloads) == [])
        #expect(site.writer.pictures.count == 0 && site.writer.pictures.bytes == 0)
    }

    @Test func `a picture of the main stream is dated by the clock that dates the look`() async throws {
        let site = try Site(.picture(try Self.main()))
        let clock = ClockReport(source: .rtcp, offsetMilliseconds: -1500)
        site.writer.record([site.entry(try Self.look(), clock: clock)])
        await site.writer.settlePictures()
        #expect(try site.events().last?.data.evidence.map(\.taken) == [text(300.5), text(300.5)])
    }

    @Test func `many incidents of one look need one picture, which is searched for faces and plates once`()
        async throws
    {
        let site = try Site(.picture(try Self.main()))
        let look = try Self.look()
        site.writer.record((0..<5).map { _ in site.entry(look) })
        await site.writer.settlePictures()
        let pictured = try site.events().filter { $0.data.evidence.map(\.stream) == ["main", "main"] }
        #expect(Set(pictured.map(\.subject)).count == 5)
        #expect(site.streams.all.count == 1)
        #expect(await site.archive.maker.searches == 1)
    }

    @Test func `a second panorama is taken from the main stream, too, with a picture of its own`() async throws {
        let site = try Site(.picture(try Self.main()))
        let entry = site.entry(try Self.look())
        site.writer.record([entry])
        await site.writer.settlePictures()
        site.writer.record([site.entry(try Self.look(at: 311), after: entry.change.incident)])
        await site.writer.settlePictures()
        let pictures = try #require(try site.events().last).data.evidence
        #expect(pictures.map(\.role) == ["panorama-later", "close-up"])
        #expect(pictures.map(\.stream) == ["main", "main"] && site.streams.all.count == 2)
    }

    @Test func `two looks that wish at once are served by one picture, and one that wishes later by another`()
        async throws
    {
        let site = try Site(.later(try Self.main()))
        for seconds in [300.0, 301] { site.writer.record([site.entry(try Self.look(at: seconds))]) }
        #expect(try await eventually { site.details.wishes.load(ordering: .relaxed) == 2 })
        site.streams.all[0].letGo()
        await site.writer.settlePictures()
        #expect(site.streams.all.count == 1 && site.meters["cam-01"].reading.details == [nil: 2])
        site.streams.says(.picture(try Self.main()))
        site.writer.record([site.entry(try Self.look())])
        await site.writer.settlePictures()
        #expect(site.streams.all.count == 2 && site.meters["cam-01"].reading.details == [nil: 3])
    }

    @Test func `where nothing can be masked no main stream is opened`() async throws {
        let site = try Site(.picture(try Self.main()), masking: MaskingModels(face: nil, plate: nil))
        site.writer.record([site.entry(try Self.look())])
        await site.writer.settlePictures()
        let event = try #require(try site.events().last)
        #expect(event.data.evidence.isEmpty && site.streams.all.isEmpty)
        #expect(event.data.why.last?.what.hasPrefix("evidence withheld: ") == true)
    }

    private static let masking = MaskingModels(folder: Footage.packageRoot.appending(path: "models/prepared").path)
    private static let canMask = (try? masking.verified()) != nil

    @Test(
        .enabled(if: canMask && !Footage.photos("coco-val").isEmpty, "needs 'make models' and ../shared/images"),
        .heavy(minutes: 5))
    func `a face in a picture of the main stream is masked like any other`() async throws {
        var detector = try FaceDetector(model: try #require(Self.masking.face))
        func faces(_ frame: Frame, _ detector: inout FaceDetector) throws -> [ScoredBox] {
            try detector.faces(in: ColourPicture(Canvas(frame))).filter { $0.score >= 0.6 && $0.box.width > 0.05 }
        }
        var chosen: (frame: Frame, faces: [ScoredBox])?
        for photo in Footage.photos("coco-val") where chosen == nil {
            let frame = try JPEG.decode(
                [UInt8](Data(contentsOf: URL(filePath: photo))), time: MediaTime(300),
                date: Date(timeIntervalSince1970: 1_790_000_300))
            let found = try faces(frame, &detector)
            // The caption makes such a picture higher, not wider.
            if !found.isEmpty, frame.width >= Caption.leastWidth { chosen = (frame, found) }
        }
        let (frame, found) = try #require(chosen)
        let site = try Site(.picture(frame), masking: Self.masking)
        site.writer.record([site.entry(frame, of: .crowd)])
        await site.writer.settlePictures()
        let picture = try #require(try site.events().last?.data.evidence.first)
        #expect(picture.role == "panorama-confirming" && picture.stream == "main")
        let file = site.evidence.appending(path: try #require(picture.file))
        let left = try faces(try JPEG.decode([UInt8](Data(contentsOf: file))), &detector)
        #expect(!left.contains { face in found.contains { abs($0.box.x - face.box.x) < $0.box.width / 2 } })
    }

    // MARK: what is not used

    private static let faults: [DetailFault] = [.unreachable, .late, .otherView, .unclear, .gone, .smaller]

    private func site(_ fault: DetailFault) throws -> Site {
        switch fault {
        case .late: try Site(.hangs, isLate: true)
        case .otherView: try Site(.picture(try Self.drawn { ($0 + $1) / 18 % 2 * 90 + 60 }))
        case .unclear: try Site(.picture(try Self.drawn { _, _ in 100 }))
        case .gone: try Site(.picture(try Self.main(cars: [])))
        case .smaller: try Site(.picture(try Self.main(size: (160, 90))))
        default: try Site(.fails)
        }
    }

    @Test(arguments: faults)
    func `where it is not to be had or shows something else the pictures are the look's, and the alert says why`(
        fault: DetailFault
    ) async throws {
        let site = try site(fault)
        site.writer.record([site.entry(try Self.look())])
        await site.writer.settlePictures()
        let event = try #require(try site.events().last)
        #expect(event.data.evidence.map(\.role) == ["panorama-confirming", "close-up"])
        #expect(event.data.evidence.allSatisfy { $0.stream == nil && $0.taken == text(300) })
        #expect(event.data.why.last?.what == fault.description)
        #expect(site.meters["cam-01"].reading.details == [fault: 1])
        let isForOperators = [DetailFault.otherView, .smaller].contains(fault)
        #expect(site.meters["cam-01"].detailRemarks.isEmpty != isForOperators)
        if fault == .late { #expect(site.streams.all.map(\.isStopped) == [true]) }
    }

    @Test func `what a fault says in an alert names no address and no cause of somebody else's words`() {
        for fault in DetailFault.allCases {
            #expect(fault.description.hasPrefix("pictures are of the watched stream: "))
            #expect(!fault.description.contains("://") && fault.description.utf8.count < 120)
        }
    }

    @Test func `things without a look of their own are not looked for in the main stream's picture`() async throws {
        let site = try Site(.picture(try Self.main(cars: [])))
        site.writer.record([site.entry(try Self.look(), of: .crowd)])
        await site.writer.settlePictures()
        #expect(try site.events().last?.data.evidence.map(\.stream) == ["main", "main"])
    }

    @Test func `another shape is told as long as it is, and what is squeezed into it fits all the same`() async throws {
        let site = try Site(.picture(try Self.main(size: (640, 480))))
        site.writer.record([site.entry(try Self.look())])
        await site.writer.settlePictures()
        #expect(try site.events().last?.data.evidence.map(\.stream) == ["main", "main"])
        let remark = try #require(site.meters["cam-01"].detailRemarks.first)
        #expect(remark.contains("another shape, 640x480 beside 320x180"), "\(remark)")
        site.streams.says(.picture(try Self.main(size: (640, 352))))
        site.writer.record([site.entry(try Self.look())])
        await site.writer.settlePictures()
        #expect(site.meters["cam-01"].detailRemarks.first?.contains("640x352") == true)
        site.streams.says(.picture(try Self.main()))
        site.writer.record([site.entry(try Self.look())])
        await site.writer.settlePictures()
        #expect(site.meters["cam-01"].detailRemarks == [])
    }

    // MARK: what waits, and what does not

    @Test func `a main stream that hangs holds up no alert, and no other camera's pictures`() async throws {
        let site = try Site(.hangs, without: "cam-02")
        site.writer.record([site.entry(try Self.look())])
        await site.writer.settle()
        #expect(try await eventually { site.streams.all.count == 1 })
        #expect(site.writer.pictures.competing == 0)
        site.writer.record([site.entry(try Self.look(), camera: "cam-02")])
        // Pictures and all in the message itself, which waits for them as if nothing else did.
        #expect(
            try await eventually {
                let events = try site.outbox.pending(limit: 10).map { try AlertEvent(json: Data($0.payload)) }
                return events.map(\.data.camera.id) == ["cam-01", "cam-02"]
                    && events.map(\.data.evidence.count) == [0, 2]
            })
        site.streams.all[0].letGo()
        await site.writer.settlePictures()
        let last = try #require(try site.events().last)
        #expect(last.data.camera.id == "cam-01" && last.data.incident.state == "updated")
        #expect(last.data.evidence.count == 2 && last.data.why.last?.what == DetailFault.unreachable.description)
    }

    @Test func `a stop interrupts it, and the pictures are the look's`() async throws {
        let site = try Site(.hangs)
        site.writer.record([site.entry(try Self.look())])
        await site.writer.settle()
        #expect(try await eventually { site.streams.all.count == 1 })
        await site.writer.stop(within: Patience.seconds(20))
        let last = try #require(try site.events().last)
        #expect(last.data.evidence.map(\.stream) == [nil, nil])
        #expect(last.data.why.last?.what == DetailFault.stopping.description)
        #expect(site.streams.all.map(\.isStopped) == [true])
        // None is opened any more.
        site.writer.record([site.entry(try Self.look())])
        await site.writer.settlePictures()
        #expect(site.streams.all.count == 1)
    }

    @Test func `so many main streams are open at once, and the next one's turn comes when one is closed`() async throws
    {
        let site = try Site(.hangs)
        let cameras = (1...DetailPictures.mostOpen + 2).map { "cam-0\($0)" }
        for camera in cameras { site.writer.record([site.entry(try Self.look(), camera: camera)]) }
        #expect(try await eventually { site.details.wishes.load(ordering: .relaxed) == cameras.count })
        #expect(site.streams.all.count == DetailPictures.mostOpen)
        for count in DetailPictures.mostOpen..<cameras.count {
            site.streams.all[count - DetailPictures.mostOpen].letGo()
            #expect(try await eventually { site.streams.all.count == count + 1 })
        }
        for stream in site.streams.all { stream.letGo() }
        await site.writer.settlePictures()
        #expect(Set(try site.events().filter { $0.data.evidence.count == 2 }.map(\.data.camera.id)) == Set(cameras))
    }

    @Test func `the main stream's picture counts in place of the look's, and is used where there is room`() async throws
    {
        let site = try Site()
        let entry = site.entry(try Self.look())
        func queue(_ limit: Int) -> EvidenceQueue {
            EvidenceQueue(limit: limit) { _ in [UInt8](repeating: 0, count: 1000) }
        }
        func settle(_ queue: EvidenceQueue) async throws -> DetailFault? {
            let ticket = try #require(queue.admit([entry.change])[0].ticket)
            #expect(try await eventually { queue.bytes == 1000 })
            let edition = IncidentWriter.Edition(site: try SiteIdentity.edge01(), catalogue: try Catalogue.builtIn())
            let job = try #require(queue.begin(ticket, entry, edition, sequence: 1, hasDetail: true))
            #expect(queue.next() == nil && queue.count == 1 && queue.competing == 0)
            let frame = try Self.main()
            let views = job.views.map {
                EvidenceView(
                    role: $0.role, source: .frame(frame), part: $0.part, taken: frame.date, vehicles: [],
                    isDetail: true)
            }
            return queue.settle([(ticket, .success(views))])[0]
        }
        let (roomy, narrow) = (queue(1000 + 640 * 360 * 3 / 2), queue(320 * 180 * 3 / 2))
        #expect(try await settle(roomy) == nil)
        #expect(try await eventually { roomy.bytes == 1000 })
        #expect(roomy.next()?.views.allSatisfy(\.isDetail) == true)
        #expect(try await settle(narrow) == .noRoom)
        #expect(narrow.bytes == 1000)
        let job = try #require(narrow.next())
        #expect(job.fault == .noRoom && !job.views.contains(where: \.isDetail))
        narrow.finish(job.ticket)
        #expect(narrow.bytes == 0)
    }

    // MARK: real streams

    @Test(.waiting(minutes: 2)) func `a real main stream gives evidence in its own resolution`() async throws {
        let folder = try TemporaryFolder()
        let large = try Footage.makeTestClip(in: folder, seconds: 4, size: (1280, 720))
        let small = try Footage.cut(large, in: folder, from: 0, seconds: 2, size: (640, 360))
        let server = try RTSPServer(clip: large)
        defer { server.stop() }
        var recording = try Recording(path: small, sampling: .keyFrames(promise: 3))
        let look = try #require(try recording.next())
        let site = try Site(url: server.url)
        site.writer.record([site.entry(look, of: .crowd)])
        await site.writer.settlePictures()
        let pictures = try #require(try site.events().last).data.evidence
        #expect(pictures.map(\.stream) == ["main", "main"])
        #expect(try site.size(pictures[0])[0] == 1280)
        #expect(site.meters["cam-01"].detailRemarks == [])
    }

    @Test func `a real server that says nothing is left at the limit`() async throws {
        let server = try SilentServer()
        defer { server.stop() }
        let site = try Site(isLate: true, url: server.url)
        site.writer.record([site.entry(try Self.look())])
        await site.writer.settlePictures()
        let last = try #require(try site.events().last)
        #expect(last.data.evidence.count == 2 && last.data.why.last?.what == DetailFault.late.description)
    }
}
