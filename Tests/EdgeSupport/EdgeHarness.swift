import Analytics
package import Contract
package import Domain
package import Edge
import Foundation
import Inference
import Logging
import MQTT
import Pipeline
import PipelineSupport
import ServiceLifecycle
import Synchronization
import TestSupport
import Threading
import UnixSignals
import Video

/// A whole site, composed as the daemon composes it, on a folder of its own: a broker in memory, cameras and a detector that do
/// what a test tells them. It knows no model files, no network and no stream, and may be stopped and started again.
package final class EdgeHarness: Sendable {
    package struct Stuck: Error {}

    private struct Run {
        let group: ServiceGroup
        let task: Task<Void, any Error>
    }

    /// The broker at `memory`, and one at `other`, which a reload may name.
    package let broker = MemoryBroker()
    package let other = MemoryBroker()
    private let script: ScriptedDetector
    private let cars = Mutex<[Box]>([])
    private let folder: TemporaryFolder
    private let current: Mutex<DaemonSettings>
    private let sources = Mutex<[String: ScriptedSource]>([:])
    private let run = Mutex<Run?>(nil)
    private let making = Mutex<(@Sendable (String) -> Void)?>(nil)
    private let reading = Mutex<(@Sendable (inout DaemonSettings) throws -> Void)?>(nil)
    private let opened = Mutex(0)
    private let lastLook = Mutex(0.0)

    /// - Parameter cameras: their ids; each has one zone, `np1`, all over its picture.
    package init(cameras: [String] = ["cam-01"]) throws {
        folder = try TemporaryFolder()
        script = try ScriptedDetector()
        let place = GridLocation(area: try AreaCode("320583102201"), grid: "003", microgrid: "02")
        let site = SiteIdentity(
            id: "edge-01", place: place, software: "test", configurationSHA256: "0", catalogue: "1",
            model: .init(name: "net", version: "1", sha256: ""))
        var settings = DaemonSettings(
            site: site, broker: MQTTSettings(host: "memory", clientID: "edge-01"), topics: AlertTopics(),
            models: .init(.init(script.model)), threads: 1, stateFolder: folder.file("state"),
            evidenceFolder: folder.file("evidence"), evidenceDays: 10_000, jpegQuality: 4, masking: script.masking,
            cameras: [])
        settings.cameras = cameras.map { Self.camera($0, at: place) }
        current = Mutex(settings)
        try FileManager.default.createDirectory(at: settings.stateFolder, withIntermediateDirectories: true)
    }

    deinit { run.withLock { $0?.task.cancel() } }

    /// A car that stands for 30 s is reported.
    private static func camera(_ id: String, at place: GridLocation) -> CameraService.Settings {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map { Point(x: $0.0, y: $0.1) }
        return CameraService.Settings(
            identity: CameraIdentity(id: id, name: id, place: place, timeZone: .gmt),
            stream: .init(url: CameraURL("rtsp://127.0.0.1:1/\(id)")),
            zones: [
                WatchedZone(
                    zone: Zone(id: "np1", name: "", polygon: Polygon(corners)),
                    rules: [.illegalParking: ParkingSettings(dwell: 30)])
            ], minimumScore: 0.5, hasTiles: false)
    }

    package var settings: DaemonSettings { current.withLock(\.self) }

    /// Changes the configuration of the next run.
    package func configure(_ change: (inout DaemonSettings) -> Void) { current.withLock { change(&$0) } }

    /// Begins a run on the folder, and returns once its cameras run.
    package func start() async throws {
        var parts = EdgeParts()
        (parts.engines, parts.heads) = (script.engines, script.heads)
        parts.detail = { [weak self] _ in
            self?.opened.withLock { $0 += 1 }
            let picture = try? self?.mainPicture()
            return ScriptedDetail(picture.map { .picture($0) } ?? .fails)
        }
        parts.broker = { [broker, other] in ($0.addresses.first?.host == "other" ? other : broker).client($0) }
        // What a file names is not there.
        parts.named = { _, _ in }
        parts.camera = { [weak self] settings in
            self?.making.withLock(\.self)?(settings.identity.id)
            let source = ScriptedSource(settings.identity.id)
            self?.sources.withLock { $0[settings.identity.id] = source }
            return source
        }
        let daemon = try Daemon(
            settings, parts, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            rereading: { [weak self] in
                guard let self else { throw Stuck() }
                var read = settings
                try reading.withLock(\.self)?(&read)
                return read
            })
        let group = daemon.services(reloadingAt: await UnixSignalsSequence(trapping: []), stoppingAt: [])
        run.withLock { $0 = Run(group: group, task: Task { try await group.run() }) }
        let ids = settings.cameras.map(\.identity.id)
        guard try await eventually({ ids.allSatisfy { source($0)?.start != nil } }) else { throw Stuck() }
    }

    /// As a signal does; throws where the site does not end.
    package func stop() async throws {
        guard let run = run.withLock({ $0.take() }) else { return }
        await run.group.triggerGracefulShutdown()
        guard await finishes(within: Patience.seconds(20), { _ = await run.task.result }) else { throw Stuck() }
        try await run.task.value
    }

    /// Changes the configuration, and has the site take it over as `gridwarden config` does.
    package func reload(_ change: (inout DaemonSettings) -> Void) throws -> ReloadReport {
        current.withLock { settings in
            settings.site.configurationSHA256 += "1"
            change(&settings)
        }
        return try StatusClient.reload(of: settings.stateFolder)
    }

    /// Called at each reload, for what a test reads of a file.
    package func rereading(_ body: (@Sendable (inout DaemonSettings) throws -> Void)?) {
        reading.withLock { $0 = body }
    }

    /// Called with its id before a camera is made, which waits for it.
    package func beforeMaking(_ body: (@Sendable (_ camera: String) -> Void)?) { making.withLock { $0 = body } }

    /// What a camera's main stream shows: the street as it is, in twice the size and two seconds later.
    private func mainPicture() throws -> Frame {
        let last = lastLook.withLock(\.self)
        return try BlockStreet.frame(at: last + 2, cars: cars.withLock(\.self), size: (640, 360))
    }

    /// How often a main stream was opened.
    package var detailsOpened: Int { opened.withLock(\.self) }

    /// The newest source of a camera; nil where it was never made.
    package func source(_ camera: String) -> ScriptedSource? { sources.withLock { $0[camera] } }

    /// What stands in the street from now on, as cameras show it and the detector finds it.
    package func park(_ parked: [Box]) {
        cars.withLock { $0 = parked }
        script.says(parked.map { Detection(objectClass: .car, score: 0.8, box: $0) })
    }

    /// Shows a camera the same street every two seconds of its own time, each picture after the one before is done with.
    package func look(_ camera: String = "cam-01", from: Double, through: Double) async throws {
        guard let source = source(camera) else { throw Stuck() }
        for seconds in stride(from: from, through: through, by: 2) {
            lastLook.withLock { $0 = seconds }
            await source.show(try BlockStreet.frame(at: seconds, cars: cars.withLock(\.self)))
        }
    }

    /// The alerts that the broker has taken, in sequence of their arrival.
    package var alerts: [AlertEvent] { alerts(at: broker) }

    package func alerts(at broker: MemoryBroker) -> [AlertEvent] {
        broker.received.filter { settings.topics.isChannel(.alert, $0.topic) }
            .compactMap { try? AlertEvent(json: Data($0.payload)) }
    }

    /// What a broker retains of the site's state.
    package func report(at broker: MemoryBroker) throws -> SiteReport? {
        let topic = settings.topics.site(settings.site.place, id: settings.site.id)
        return try broker.retained[topic].map { try SiteReport(json: Data($0.payload)) }
    }

    /// What a screen that looks now sees as open: the subjects of the incidents that the broker retains.
    package var retainedIncidents: [String] {
        broker.retained.values.filter { settings.topics.isChannel(.open, $0.topic) }
            .compactMap { try? AlertEvent(json: Data($0.payload)).subject }
    }

    /// Whether the picture of an alert lies where the alert says.
    package func has(_ evidence: AlertEvent.Evidence) -> Bool {
        guard let folder = settings.evidenceFolder, let path = evidence.file else { return false }
        return FileManager.default.fileExists(atPath: folder.appending(path: path).path)
    }
}

extension [AlertEvent] {
    /// The states that were told, but for that an incident was seen again, and that its pictures followed its end: on a
    /// busy machine they do.
    package func states(of camera: String? = nil) -> [String] {
        var told: Set<[String]> = []
        return filter { camera == nil || $0.data.camera.id == camera }.compactMap { alert in
            let state = alert.data.incident.state
            let isNew = told.insert([alert.subject, state]).inserted
            return state == "updated" || !isNew && !alert.data.evidence.isEmpty ? nil : state
        }
    }
}
