public import Contract
import Delivery
import Domain
import Evidence
public import Foundation
import Runtime
import Store
import Synchronization
import Video

/// The status of a daemon: printed by `gridwarden status` and read by Prometheus. Contains no credentials.
public struct SiteStatus: Codable, Sendable, Equatable {
    public struct Camera: Codable, Sendable, Equatable {
        public let id: String
        public let name: String
        /// As last published; `connecting` before that.
        public let state: String
        public let reason: String?
        public let looks: Int
        public let inferences: Int
        public let pictures: Int
        public let droppedPictures: Int
        /// Over the last minute.
        public let looksPerSecond: Double
        /// Nil before the first one.
        public let secondsSinceLook: Double?
        public let openIncidents: Int
        /// The camera's clock minus this computer's; nil where the camera does not provide it.
        public let clockOffsetSeconds: Double?
        /// Nil from a version without it.
        public let zones: [Zone]?
        /// Nil where it has no main stream for evidence, and from a version without it.
        public let detailPictures: [DetailOutcome]?
    }

    public struct Zone: Codable, Sendable, Equatable {
        public let id: String
        /// How long it was not seen as promised since the start of its camera.
        public let blindSeconds: Double
    }

    /// How often the pictures of an incident were wished for from a main stream, with one outcome.
    public struct DetailOutcome: Codable, Sendable, Equatable {
        /// `used`, or why they are of the watched stream.
        public let outcome: String
        public let count: Int
    }

    /// The looks without which a promise would have been broken, since the start.
    public struct Looks: Codable, Sendable, Equatable {
        public let needed: Int
        /// Those of them that came too late, or not at all.
        public let late: Int
        /// Kinds that no look is promised for, since there is more to look at than time, the least severe first.
        public let shedding: [String]
    }

    public struct Outbox: Codable, Sendable, Equatable {
        public let undelivered: Int
        public let delivered: Int
        public let bytes: Int
        public let openIncidents: Int
        public let lastSequence: Int64
        /// Of the store that the sequence belongs to.
        public let epoch: String?
        /// Renamed damaged databases; nil where there is none.
        public let damagedStores: [String]?
        /// In seconds; nil where nothing waits.
        public let oldestUndeliveredSeconds: Double?
        /// Age of the figures read from the store; nil where they are current. Otherwise the disk does not answer.
        public let secondsOld: Double?
    }

    public struct Reviews: Codable, Sendable, Equatable {
        public let camera: String
        public let kind: String
        public let right: Int
        public let wrong: Int
        public let open: Int
        /// 0…1; nil before the first judgement.
        public let precision: Double?
    }

    public struct Evidence: Codable, Sendable, Equatable {
        /// Of pictures and messages.
        public let bytes: Int
        public let budgetBytes: Int
        /// Incidents whose evidence was deleted early because the budget was exceeded, since the first start of the
        /// site.
        public let evictedIncidents: Int
        public let evictedBytes: Int
        /// How often the folder was deleted or moved while the service ran, and was recreated; nil from a version
        /// without it.
        public let folderLosses: Int?
        /// The public key that signs the ledger; nil where it is not signed.
        public let ledgerKey: String?
    }

    /// The queues for the disk, and for pictures to be made.
    public struct Writing: Codable, Sendable, Equatable {
        /// Changes of incidents that are not written yet.
        public let waiting: Int
        /// Why writes fail; nil while they succeed.
        public let refused: String?
        /// Incidents whose pictures are not made yet, and the bytes of their views in memory.
        public let pictures: Int
        public let pictureBytes: Int
    }

    public let site: String
    public let software: String
    public let model: String
    public let brokerConnected: Bool
    /// The broker, and what it does not accept; nil without a connection.
    public let broker: BrokerLink?
    /// The message that the broker refuses and that all others wait behind; nil while messages are delivered.
    public let blocked: BlockedDelivery?
    public let cameras: [Camera]
    public let outbox: Outbox
    public let reviews: [Reviews]
    /// Durable sinks beside the broker, and the broker's permanent refusals; nil where there is neither.
    public let sinks: [SinkReport]?
    /// How often pictures of an incident were withheld.
    public let evidenceWithheld: Int
    /// Nil where no evidence is kept.
    public let evidence: Evidence?
    /// Nil from a version without it.
    public let writing: Writing?
    /// Nil from a version without it.
    public let looks: Looks?
    public let processorSeconds: Double
    public let residentBytes: Int?

    /// Decodes a daemon's answer.
    public init(json: Data) throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        self = try decoder.decode(SiteStatus.self, from: json)
    }

    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }
}

extension SiteStatus {
    init(
        site: SiteIdentity, cameras: [CameraService], standing: OutboxStanding, age: Double? = nil, isConnected: Bool,
        broker: BrokerLink? = nil,
        blocked: BlockedDelivery? = nil, withheld: Int, archive: EvidenceArchive?, writer: IncidentWriter? = nil,
        sinks: SinkBoard = SinkBoard(), shedding: [String] = [], load: LookDispatcher.Load = LookDispatcher.shared.load,
        secrets: KnownSecrets = KnownSecrets(), now: Date = Date()
    ) {
        self.site = site.id
        software = site.software
        model = site.model.name
        brokerConnected = isConnected
        self.broker = broker
        self.blocked = blocked
        self.cameras = cameras.map { service in
            let (identity, reading, counters) = (
                service.settings.identity, service.meter.reading, service.camera.counters
            )
            return Camera(
                id: identity.id, name: identity.name, state: reading.state ?? "connecting",
                reason: reading.reason.map(secrets.redact),
                looks: reading.looks, inferences: reading.inferences, pictures: counters.pictures,
                droppedPictures: counters.dropped, looksPerSecond: reading.looksPerSecond,
                secondsSinceLook: reading.secondsSinceLook, openIncidents: standing.openIncidents[identity.id] ?? 0,
                clockOffsetSeconds: reading.clockOffset,
                zones: reading.blind.map { Zone(id: $0.zone, blindSeconds: $0.seconds) },
                detailPictures: service.settings.detail.map { _ in Self.detailPictures(reading) })
        }
        let counts = standing.counts
        outbox = Outbox(
            undelivered: counts.undelivered, delivered: counts.delivered, bytes: counts.bytes,
            openIncidents: counts.openIncidents, lastSequence: counts.lastSequence, epoch: standing.epoch,
            damagedStores: standing.damaged.isEmpty ? nil : standing.damaged,
            oldestUndeliveredSeconds: standing.oldestUndelivered.map { max(0, now.timeIntervalSince($0)) },
            secondsOld: age)
        reviews = standing.tallies.map { tally in
            Reviews(
                camera: tally.camera, kind: tally.kind.rawValue, right: tally.right, wrong: tally.wrong,
                open: tally.open, precision: tally.precision)
        }
        self.sinks = standing.sinks.isEmpty ? nil : sinks.completed(standing.sinks)
        evidenceWithheld = withheld
        evidence = archive.map {
            Evidence(
                bytes: $0.store.bytes, budgetBytes: $0.budget, evictedIncidents: standing.evicted.incidents,
                evictedBytes: standing.evicted.bytes, folderLosses: $0.losses.load(ordering: .relaxed),
                ledgerKey: $0.ledger.publicKey?.description)
        }
        writing = writer.map {
            Writing(
                waiting: $0.backlog, refused: ($0.failure?.reason).map(secrets.redact), pictures: $0.pictures.count,
                pictureBytes: $0.pictures.bytes)
        }
        looks = Looks(needed: load.needed, late: load.late, shedding: shedding)
        processorSeconds = ProcessUsage.processorSeconds
        residentBytes = ProcessUsage.residentBytes
    }

    private static func detailPictures(_ reading: CameraMeter.Reading) -> [DetailOutcome] {
        let faults: [DetailFault?] = [nil] + DetailFault.allCases.map { $0 }
        return faults.map { DetailOutcome(outcome: $0?.rawValue ?? "used", count: reading.details[$0] ?? 0) }
    }
}
