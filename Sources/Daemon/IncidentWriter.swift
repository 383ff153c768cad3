public import Analytics
public import Catalogue
public import Delivery
import Evidence
public import Foundation
public import Logging
import Synchronization
import Threading
import Video

/// Makes changes of incidents durable: evidence on disk, then state and message in one transaction, then a record of both
/// in the ledger.
///
/// Writing waits for the disk, so it has a thread of its own. What cannot be written is kept in memory in order and
/// tried again: a full disk delays alerts, it does not lose them while the process lives, but pictures beyond the first
/// few. What can never be written (a name in the configuration is too long) goes to the audit log, and the rest goes on.
public actor IncidentWriter {
    /// A change and where it belongs.
    public struct Entry: Sendable {
        public internal(set) var change: CameraPipeline.Change
        public let camera: CameraIdentity
        public let zone: ZoneIdentity
        public let clock: ClockReport
        /// What moment of the camera's timeline was when.
        public let date: @Sendable (MediaTime) -> Date
    }

    /// A change that waits; its pictures are made once, and its views let go then.
    private struct Waiting {
        var entry: Entry
        var evidence: Result<[EvidenceImage], EvidenceWithheld>?
    }

    /// Changes that keep their pictures, of some MB each, while the disk takes nothing.
    private static let mostWithPictures = 16

    private let thread = DedicatedThread(name: "incidents")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let outbox: Outbox
    private let archive: EvidenceArchive?
    private var site: SiteIdentity
    private let topics: AlertTopics
    private let catalogue: Catalogue
    private let logger: Logger
    private let wake: @Sendable () -> Void
    /// How often the pictures of an incident were withheld.
    nonisolated let withheld = Atomic<Int>(0)
    private var waiting: [Waiting] = []
    /// The disk took nothing when it was last tried.
    private var isRefused = false
    private var flushing: Task<Void, Never>?
    /// From then on pictures are no longer made, since the process is about to end.
    private var lastPictures: ContinuousClock.Instant?
    private var released: [UUID] = []

    /// - Parameters:
    ///   - archive: nil where no evidence is kept.
    ///   - wake: called after each message that was written.
    public init(
        outbox: Outbox, archive: EvidenceArchive?, site: SiteIdentity, topics: AlertTopics, catalogue: Catalogue,
        logger: Logger, wake: @escaping @Sendable () -> Void
    ) {
        self.outbox = outbox
        self.archive = archive
        self.site = site
        self.topics = topics
        self.catalogue = catalogue
        self.logger = logger
        self.wake = wake
    }

    /// Changes that the disk has not taken yet.
    public var backlog: Int { waiting.count }

    /// The newest state of each incident of a camera of which the disk does not know yet.
    func unwritten(camera: String) -> [Incident] {
        let incidents = waiting.map(\.entry.change.incident).filter { $0.camera == camera }
        return Array(Dictionary(incidents.map { ($0.id, $0) }) { _, newer in newer }.values)
    }

    /// From now on messages name this configuration as theirs.
    func adopt(configurationSHA256: String) { site.configurationSHA256 = configurationSHA256 }

    /// Takes changes over and returns at once; pictures are made and written in their turn.
    public func record(_ entries: [Entry]) {
        waiting += entries.map { Waiting(entry: $0) }
        if isRefused { shed() }
        flush()
    }

    /// Keeps what is under way at a camera for a later run; nil forgets it. Failing costs a restart some dwell, no alert.
    public func remember(watch: WatchSnapshot?, at moment: MomentOfRecord, camera: String) {
        do { try outbox.save(watch: watch, at: moment, camera: camera) } catch {
            logger.warning("could not keep what is under way", metadata: ["error": "\(error)", "camera": "\(camera)"])
        }
    }

    /// A camera is no longer watched: whoever brings it back begins anew.
    func forget(camera: String) {
        do { try Self.forget(camera: camera, in: outbox) } catch {
            logger.warning("could not forget a camera", metadata: ["error": "\(error)", "camera": "\(camera)"])
        }
    }

    private static func forget(camera: String, in outbox: Outbox) throws {
        let clocks = HostClocks.now
        let time = try outbox.moment(camera: camera)?.time(on: clocks) ?? MediaTime(clocks.date)
        try outbox.save(watch: nil, at: MomentOfRecord(time, on: clocks), camera: camera)
    }

    /// Keeps what lies on the ground of a camera for a later run; nil forgets it.
    public func remember(_ ground: GroundSnapshot?, at moment: MomentOfRecord, camera: String) {
        do { try outbox.save(ground, at: moment, camera: camera) } catch {
            logger.warning("could not keep the ground", metadata: ["error": "\(error)", "camera": "\(camera)"])
        }
    }

    /// The objects of incidents that a review had ended have gone: the next ones there are new.
    public func release(_ incidents: [UUID]) {
        released += incidents
        guard !released.isEmpty else { return }
        do {
            try outbox.release(released)
            released = []
        } catch {
            logger.warning("could not end a suppression, it is tried again", metadata: ["error": "\(error)"])
        }
    }

    /// Closes what none of these cameras watches any more, and lets what reviews have silenced there go: the camera, the
    /// zone or the rule was taken out, has another name now, or belongs to another area, where nobody has heard of it.
    /// Waits for the disk.
    nonisolated func closeUnwatched(by cameras: [CameraService.Settings]) {
        let watched = Dictionary(
            cameras.map { ($0.identity.id, $0) }, uniquingKeysWith: { first, _ in first })
        func isWatched(_ incident: Incident) throws -> Bool {
            guard let camera = watched[incident.camera],
                let zone = camera.zones.first(where: { $0.zone.id == incident.zone }),
                zone.rules.kinds.contains(incident.kind)
            else { return false }
            let topic = topics.open(camera.identity.place, incident.kind, incident: incident.id)
            return try outbox.openTopic(of: incident.id) ?? topic == topic
        }
        let clocks = HostClocks.now
        do {
            let silent = try outbox.suppressedIncidents().filter { try !isWatched($0) }
            if !silent.isEmpty { try outbox.release(silent.map(\.id)) }
            let open = try outbox.openIncidents().filter { try !isWatched($0) }
            for incident in open {
                let time = try outbox.moment(camera: incident.camera)?.time(on: clocks) ?? MediaTime(clocks.date)
                try outbox.close(unwatched: incident.lost(at: time), at: Date(timeIntervalSince1970: clocks.date))
                logger.notice(
                    "an open incident that nobody watches any more is closed",
                    metadata: [
                        "incident": "\(incident.id)", "kind": "\(incident.kind)", "camera": "\(incident.camera)",
                        "zone": "\(incident.zone)",
                    ])
            }
            for camera in Set((silent + open).map(\.camera)) where watched[camera] == nil {
                try Self.forget(camera: camera, in: outbox)
            }
        } catch {
            logger.error(
                "could not close what is no longer watched, the next start or reload tries again",
                metadata: ["error": "\(error)"])
        }
        wake()
    }

    /// The same on the writer's own thread, while cameras run.
    func goOver(to cameras: [CameraService.Settings]) { closeUnwatched(by: cameras) }

    /// Begins to write what waits, in order, as far as it goes.
    public func flush() {
        guard flushing == nil else { return }
        flushing = Task {
            await drain()
            flushing = nil
        }
    }

    /// Returns once what was recorded has been written, or cannot be written now.
    public func settle() async {
        flush()
        await flushing?.value
    }

    /// Writes what waits before the process ends: for so long with pictures, then without.
    public func stop(within duration: Duration) async {
        lastPictures = lastPictures ?? .now + duration
        await settle()
    }

    private func drain() async {
        release([])
        while !waiting.isEmpty {
            if waiting[0].evidence == nil {
                let evidence = await makeEvidence(waiting[0].entry)
                waiting[0].evidence = evidence
            }
            let next = waiting[0]
            do {
                do { try write(next) } catch let error as OutboxError where error.isFinal {
                    try giveUp(next.entry.change.incident, error)
                }
                waiting.removeFirst()
                isRefused = false
            } catch {
                isRefused = true
                shed()
                logger.error(
                    "could not record an incident, it is kept and tried again",
                    metadata: [
                        "error": "\(error)", "incident": "\(next.entry.change.incident.id)",
                        "waiting": "\(waiting.count)",
                    ])
                return
            }
        }
        // Reviews write messages too.
        if let archive, let last = try? outbox.counts().lastSequence, last > archive.ledger.head.sequence {
            archive.recordMessages(of: outbox, through: last, logger: logger)
        }
        // The site's state tells what went.
        if let archive, archive.evict(outbox, logger: logger) > 0 { wake() }
    }

    /// The change can never be written: it is told in the audit log, so that the others go on.
    private func giveUp(_ incident: Incident, _ error: OutboxError) throws {
        try outbox.audit(
            .messagesDropped,
            facts: [
                "incident": incident.id.uuidString.lowercased(), "state": incident.state.rawValue,
                "camera": incident.camera, "reason": error.cause,
            ])
        logger.critical(
            "an incident cannot be recorded and is given up",
            metadata: ["error": "\(error)", "incident": "\(incident.id)"])
    }

    /// While the disk takes nothing, pictures would fill the memory: only the first changes keep theirs.
    private func shed() {
        let heavy = waiting.indices.dropFirst(Self.mostWithPictures).filter {
            waiting[$0].evidence == nil && !waiting[$0].entry.change.views.isEmpty
        }
        guard !heavy.isEmpty else { return }
        for index in heavy {
            waiting[index].entry.change = .init(incident: waiting[index].entry.change.incident, views: [])
            waiting[index].evidence = .failure(EvidenceWithheld(reason: "the disk took nothing for too long"))
        }
        logger.error(
            "the disk takes nothing: pictures of further changes are let go, the changes are kept",
            metadata: ["waiting": "\(waiting.count)", "with pictures": "\(Self.mostWithPictures)"])
    }

    private func makeEvidence(_ entry: Entry) async -> Result<[EvidenceImage], EvidenceWithheld> {
        let change = entry.change
        if let lastPictures, .now >= lastPictures, !change.views.isEmpty {
            return .failure(EvidenceWithheld(reason: "the service was stopping"))
        }
        guard let archive, let kind = catalogue[change.incident.kind], !change.views.isEmpty else {
            return .success([])
        }
        do {
            return .success(
                try await archive.maker.images(
                    of: change.views, incident: change.incident, profile: kind.privacyProfile
                ) {
                    [
                        "\(RFC3339.string(from: $0, in: entry.camera.timeZone))  \(entry.camera.name) (\(entry.camera.id))",
                        "\(entry.camera.place.area) / \(entry.camera.place.grid) / \(entry.camera.place.microgrid)  "
                            + entry.zone.name,
                        "\(kind.name.zh) \(kind.name.en)",
                    ]
                })
        } catch let error as EvidenceWithheld {
            return .failure(error)
        } catch {
            return .failure(EvidenceWithheld(reason: "\(error)"))
        }
    }

    private func write(_ waiting: Waiting) throws {
        let entry = waiting.entry
        var incident = entry.change.incident
        guard let kind = catalogue[incident.kind] else {
            logger.error("the catalogue does not know this kind", metadata: ["kind": "\(incident.kind)"])
            return
        }
        var evidence: [EvidenceReference] = []
        switch waiting.evidence {
        case .success(let images)?:
            for image in images {
                do {
                    guard let stored = try archive?.store.save(image, incident: incident.id) else { continue }
                    evidence.append(
                        EvidenceReference(
                            role: stored.role.rawValue, sha256: stored.sha256, bytes: stored.bytes, masked: true,
                            taken: stored.taken, path: stored.file))
                } catch {
                    // An alert without a picture is worth more than none.
                    incident.why.append(.init(at: incident.lastSeen, what: "evidence could not be written"))
                    logger.error("could not write evidence", metadata: ["error": "\(error)"])
                }
            }
        case .failure(let withheld)?:
            self.withheld.add(1, ordering: .relaxed)
            incident.why.append(.init(at: incident.lastSeen, what: "\(withheld)"))
            logger.error("\(withheld)", metadata: ["incident": "\(incident.id)"])
        case nil: break
        }
        var envelope = IncidentEnvelope(
            incident: incident, site: site, camera: entry.camera, zone: entry.zone, entry: kind, evidence: evidence,
            clock: entry.clock, ledger: archive?.ledger.head.hash, epoch: outbox.epoch, date: entry.date)
        let message = try outbox.append(incident) { incident, sequence in
            envelope.incident = incident
            return try envelope.message(sequence: sequence, topics: topics)
        }
        // A review has ended it meanwhile.
        guard let message else { return }
        logger.notice(
            "incident changed",
            metadata: [
                "state": "\(incident.state.rawValue)", "incident": "\(incident.id)", "kind": "\(incident.kind)",
                "camera": "\(entry.camera.id)",
                "zone": "\(entry.zone.id)", "sequence": "\(message.sequence)",
            ])
        archive?.recordMessages(of: outbox, through: message.sequence, logger: logger)
        wake()
    }
}

extension Incident {
    /// Closed because it is no longer watched.
    fileprivate func lost(at time: MediaTime) -> Incident {
        var incident = self
        incident.state = .closed
        incident.closeReason = .cameraLost
        incident.closed = max(time, lastSeen)
        incident.revision += 1
        incident.why.append(.init(at: time, what: "no longer watched: taken out of the configuration"))
        return incident
    }
}
