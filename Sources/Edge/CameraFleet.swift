import Domain
import Foundation
import Logging
import ServiceLifecycle
import Store
import Threading
import Video

/// The cameras of a site. Each can be started and stopped while the others run on.
actor CameraFleet: Service {
    /// What a reload did, by the ids of cameras.
    struct Outcome: Sendable, Equatable {
        var kept: [String] = []
        var started: [String] = []
        var restarted: [String] = []
        var stopped: [String] = []
        /// Could not be started: the reasons are in the log.
        var failed: [String] = []
    }

    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    private struct Member {
        let service: CameraService
        let task: Task<Void, Never>
    }

    /// How long a shutdown makes pictures of what has just happened.
    private static let lastPictures = Duration.seconds(1)
    /// How long it waits for cameras: a search for a host's name cannot be interrupted.
    private static let lastLooks = Duration.seconds(1)
    /// How long a reload waits for cameras that leave: some take no second connection before the first has ended.
    private static let farewell = Duration.seconds(2)
    /// How long it waits for the disk to take what there is: within the time that systemd gives (`TimeoutStopSec`).
    private static let lastWrites = Duration.seconds(8)
    /// And how long where the disk takes nothing of it meanwhile, as one that hangs; a slow card takes one change within it.
    private static let stall = Duration.seconds(2)

    private let initial: [CameraService]
    private let outbox: Outbox
    private let writer: IncidentWriter
    private let logger: Logger
    private let make: @Sendable (CameraService.Settings, _ unwritten: [Incident]) throws -> CameraService
    private var members: [String: Member] = [:] {
        didSet { registry.services = members.values.map(\.service) }
    }
    private let registry: CameraRegistry
    private var isStopping = false

    /// - Parameters:
    ///   - registry: where the fleet says which cameras run.
    ///   - make: a camera with what was open and stood still when it last ran; it is given the newest states of incidents
    ///     that wait for the disk.
    init(
        cameras: [CameraService.Settings], registry: CameraRegistry, outbox: Outbox, writer: IncidentWriter,
        logger: Logger,
        make: @escaping @Sendable (CameraService.Settings, _ unwritten: [Incident]) throws -> CameraService
    ) throws {
        self.registry = registry
        self.outbox = outbox
        self.writer = writer
        self.logger = logger
        self.make = make
        initial = try cameras.map { try make($0, []) }
    }

    func run() async throws {
        for service in initial { start(service) }
        try? await gracefulShutdown()
        // The waits of the end are none for a task that is cancelled.
        await Task { await end() }.value
    }

    private func end() async {
        isStopping = true
        for member in members.values { member.service.stop() }
        let tasks = members.values.map(\.task)
        await finishes(within: Self.lastLooks) { for task in tasks { await task.value } }
        guard await !hasWritten() || writer.backlog > 0 else { return }
        logger.critical(
            "the disk has not taken everything, and the service ends", metadata: ["unwritten": "\(writer.backlog)"])
    }

    private func hasWritten() async -> Bool {
        let writing = Task { [writer] in await writer.stop(within: Self.lastPictures) }
        let end = ContinuousClock.now + Self.lastWrites
        while true {
            let waiting = writer.waitingLooks
            if await finishes(within: min(Self.stall, end - .now), { await writing.value }) { return true }
            guard writer.waitingLooks < waiting, .now < end else { return false }
        }
    }

    /// Ends these runs within a few seconds: afterwards none of them writes or tells anything.
    private func end(_ leaving: [Member]) async {
        for member in leaving { member.service.stop() }
        let tasks = leaving.map(\.task)
        let ended = { @Sendable in for task in tasks { await task.value } }
        guard await !finishes(within: Self.farewell, ended) else { return }
        // In a search for a host's name a thread cannot be interrupted: it is left to itself, and the looks end without it.
        for task in tasks { task.cancel() }
        await finishes(within: Self.lastLooks, ended)
        // A look that hangs as well is as if the process had been killed before it.
        for member in leaving { member.service.shutOut() }
    }

    private func start(_ service: CameraService) {
        members[service.camera.id] = Member(service: service, task: Task { await service.run() })
    }

    /// Goes over to these cameras. Those whose settings are the same are not touched. One call at a time.
    ///
    /// - Parameter adopt: called when the runs that leave have written all that they ever will, and none has begun instead; not
    ///   where nothing is changed.
    func reload(
        _ cameras: [CameraService.Settings], adopting adopt: @Sendable () -> Void = {}
    ) async throws(Refused) -> Outcome {
        await writer.settle()
        let backlog = writer.backlog
        // What a camera goes on with is read from the disk.
        guard backlog == 0 else {
            throw Refused(description: "\(backlog) changes of incidents wait for the disk; see to it, and reload again")
        }
        var outcome = Outcome()
        let wanted = Dictionary(cameras.map { ($0.identity.id, $0) }) { first, _ in first }
        let leaving = members.filter { $0.value.service.settings != wanted[$0.key] }
        outcome.kept = members.keys.filter { leaving[$0] == nil }.sorted()
        await end(Array(leaving.values))
        await writer.settle()
        for id in leaving.keys {
            members[id] = nil
            if wanted[id] == nil { await writer.forget(camera: id) }
        }
        adopt()
        await writer.goOver(to: cameras)
        await writer.settle()
        guard !isStopping else { throw Refused(description: "the service is stopping") }
        for settings in cameras where members[settings.identity.id] == nil {
            let id = settings.identity.id
            // The disk may have filled since.
            let unwritten = await writer.unwritten(camera: id)
            let service: CameraService
            do {
                // It reads from the disk, which may hang: a stop needs this actor.
                service = try await onOwnThread(named: "camera start") { [make] in try make(settings, unwritten) }
            } catch {
                logger.error("a camera could not be started", metadata: ["camera": "\(id)", "reason": "\(error)"])
                outcome.failed.append(id)
                continue
            }
            guard !isStopping else { throw Refused(description: "the service is stopping") }
            start(service)
            if leaving[id] == nil { outcome.started.append(id) } else { outcome.restarted.append(id) }
        }
        outcome.stopped = leaving.keys.filter { wanted[$0] == nil }.sorted()
        return outcome
    }
}
