public import Analytics
public import Catalogue
public import Delivery
public import Evidence
public import Foundation
public import Logging
import Threading
import Video

/// Makes changes of incidents durable: evidence on disk, then state and message in one transaction.
///
/// Writing waits for the disk, so it has a thread of its own. What cannot be written is kept in memory in order and
/// tried again: a full disk delays alerts, it does not lose them while the process lives.
public actor IncidentWriter {
    /// A change and where it belongs.
    public struct Entry: Sendable {
        public let change: CameraPipeline.Change
        public let camera: CameraIdentity
        public let zone: ZoneIdentity
        public let clock: ClockReport
        /// What moment of the camera's timeline was when.
        public let date: @Sendable (MediaTime) -> Date
    }

    private let thread = DedicatedThread(name: "incidents")
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let outbox: Outbox
    private let store: EvidenceStore?
    private let site: SiteIdentity
    private let topics: AlertTopics
    private let catalogue: Catalogue
    private let logger: Logger
    private let wake: @Sendable () -> Void
    private var waiting: [Entry] = []
    private var released: [UUID] = []

    /// - Parameter wake: called after each message that was written.
    public init(
        outbox: Outbox, store: EvidenceStore?, site: SiteIdentity, topics: AlertTopics, catalogue: Catalogue,
        logger: Logger, wake: @escaping @Sendable () -> Void
    ) {
        self.outbox = outbox
        self.store = store
        self.site = site
        self.topics = topics
        self.catalogue = catalogue
        self.logger = logger
        self.wake = wake
    }

    /// Changes that the disk has not taken yet.
    public var backlog: Int { waiting.count }

    public func record(_ entries: [Entry]) {
        waiting += entries
        flush()
    }

    /// Keeps what stands still at a camera for a later run. Failing costs a restart some dwell, no alert.
    public func remember(_ stays: [StaySnapshot], camera: String) {
        do { try outbox.save(stays, camera: camera) } catch {
            logger.warning("could not keep what stands still", metadata: ["error": "\(error)", "camera": "\(camera)"])
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

    /// Writes what waits, in order, as far as it goes.
    public func flush() {
        release([])
        while let entry = waiting.first {
            do {
                try write(entry)
                waiting.removeFirst()
            } catch {
                logger.error(
                    "could not record an incident, it is kept and tried again",
                    metadata: [
                        "error": "\(error)", "incident": "\(entry.change.incident.id)", "waiting": "\(waiting.count)",
                    ])
                return
            }
        }
    }

    private func write(_ entry: Entry) throws {
        var incident = entry.change.incident
        guard let kind = catalogue[incident.kind] else {
            logger.error("the catalogue does not know this kind", metadata: ["kind": "\(incident.kind)"])
            return
        }
        var evidence: [EvidenceReference] = []
        for image in entry.change.images {
            do {
                guard let stored = try store?.save(image, incident: incident.id) else { continue }
                evidence.append(
                    EvidenceReference(
                        role: stored.role.rawValue, sha256: stored.sha256, bytes: stored.bytes, masked: false,
                        taken: stored.taken, path: stored.file))
            } catch {
                // An alert without a picture is worth more than none.
                incident.why.append(.init(at: incident.lastSeen, what: "evidence could not be written"))
                logger.error("could not write evidence", metadata: ["error": "\(error)"])
            }
        }
        var envelope = IncidentEnvelope(
            incident: incident, site: site, camera: entry.camera, zone: entry.zone, entry: kind, evidence: evidence,
            clock: entry.clock, date: entry.date)
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
        wake()
    }
}
