public import Domain
public import Foundation

/// The content of a message about an incident, except its sequence.
public struct IncidentEnvelope: Sendable {
    /// Largest size of a message, in bytes.
    public static let mostBytes = 8192
    /// One explanation must not crowd out the others.
    private static let longestReason = 240

    public var incident: Incident
    public var site: SiteIdentity
    public var camera: CameraIdentity
    public var zone: ZoneIdentity
    public var entry: KindEntry
    public var evidence: [EvidenceReference]
    public var clock: ClockReport
    /// The hash of the last record of the site's ledger; nil where it keeps none.
    public var ledger: String?
    /// Of the outbox that the message's sequence belongs to.
    public var epoch: String?
    /// Sent again on request.
    public var backfilled: Bool
    /// The wall-clock time of a moment on the camera's timeline.
    public var date: @Sendable (MediaTime) -> Date

    public init(
        incident: Incident, site: SiteIdentity, camera: CameraIdentity, zone: ZoneIdentity, entry: KindEntry,
        evidence: [EvidenceReference] = [], clock: ClockReport = ClockReport(), ledger: String? = nil,
        epoch: String? = nil, backfilled: Bool = false,
        date: @escaping @Sendable (MediaTime) -> Date
    ) {
        self.incident = incident
        self.site = site
        self.camera = camera
        self.zone = zone
        self.entry = entry
        self.evidence = evidence
        self.clock = clock
        self.ledger = ledger
        self.epoch = epoch
        self.backfilled = backfilled
        self.date = date
    }

    /// The moment that the message is about.
    private var moment: MediaTime {
        switch incident.state {
        case .opened: incident.confirmed
        case .updated: incident.lastSeen
        case .closed, .withdrawn: incident.closed ?? incident.lastSeen
        }
    }

    /// The message with this sequence; where it would be too long, the oldest reasons are left out first.
    public func message(
        id: UUID = UUIDv7.make(), sequence: Int64, topics: AlertTopics
    ) throws -> AlertMessage {
        var event = AlertEvent(
            id: id, source: site.source, subject: incident.id, time: text(moment), sequence: sequence, epoch: epoch,
            data: payload)
        var json = try WireJSON.encode(event)
        while json.count > Self.mostBytes {
            if !event.data.why.isEmpty {
                event.data.why.removeFirst()
            } else if !event.data.evidence.isEmpty {
                event.data.evidence.removeFirst()
            } else {
                throw MessageTooLong(incident: incident.id, bytes: json.count)
            }
            json = try WireJSON.encode(event)
        }
        return AlertMessage(
            sequence: sequence, id: id, subject: incident.id, topic: topics.alert(camera.place, incident.kind),
            openTopic: topics.open(camera.place, incident.kind, incident: incident.id), isOpen: incident.isOpen,
            payload: Array(json), pictures: pictures(topics))
    }

    private func pictures(_ topics: AlertTopics) -> [AlertPicture] {
        evidence.filter(\.masked).map {
            AlertPicture(
                topic: topics.evidence(camera.place, incident.kind, incident: incident.id, sha256: $0.sha256),
                file: $0.path, sha256: $0.sha256)
        }
    }

    private var payload: AlertEvent.Payload {
        let department = entry.department(on: zone.surface)
        let model = camera.model ?? site.model
        return AlertEvent.Payload(
            incident: .init(
                id: incident.id.text, revision: incident.revision, state: incident.state.rawValue,
                review: incident.review?.rawValue ?? "pending",
                reason: reason),
            kind: incident.kind.rawValue, name: entry.name,
            codes: entry.emittedCodes().map { .init(system: $0.system.rawValue, code: $0.code) },
            severity: entry.severity,
            department: .init(role: department.role, name: department.name, id: department.id),
            suggestedLimit: entry.suggestedLimit.en,
            area: .init(code: camera.place.area.digits, grid: camera.place.grid, microgrid: camera.place.microgrid),
            camera: .init(
                id: camera.id, gb28181: camera.gb28181, name: camera.name, longitude: camera.longitude,
                latitude: camera.latitude),
            zone: .init(id: zone.id, name: zone.name, surface: zone.surface.rawValue),
            observed: observed,
            object: .init(
                class: incident.object.objectClass.rawValue, count: incident.object.count,
                confidence: Self.rounded(incident.object.confidence, 1000), box: box),
            evidence: evidence.map {
                .init(
                    role: $0.role, sha256: $0.sha256, bytes: $0.bytes, mediaType: $0.mediaType, masked: $0.masked,
                    taken: RFC3339.string(from: $0.taken, in: camera.timeZone), file: $0.path,
                    stream: $0.isDetail ? "main" : nil)
            },
            provenance: .init(
                software: site.software,
                model: .init(name: model.name, version: model.version, sha256: model.sha256),
                configurationSHA256: site.configurationSHA256, catalogue: site.catalogue, ledger: ledger),
            why: incident.why.map {
                .init(
                    at: text($0.at), what: String($0.what.prefix(Self.longestReason)),
                    whatInChinese: $0.zh.map { String($0.prefix(Self.longestReason)) },
                    score: $0.score.map { Self.rounded($0, 1000) })
            })
    }

    private var box: [Double] {
        let box = incident.object.box
        return [box.x, box.y, box.width, box.height].map { Self.rounded($0, 10_000) }
    }

    private var observed: AlertEvent.Observed {
        .init(
            firstSeen: text(incident.firstSeen), confirmed: text(incident.confirmed), lastSeen: text(incident.lastSeen),
            closed: incident.closed.map(text), dwellSeconds: Self.rounded(incident.dwell, 10),
            thresholdSeconds: Self.rounded(incident.threshold, 10),
            clock: .init(source: clock.source.rawValue, offsetMilliseconds: clock.offsetMilliseconds),
            backfilled: backfilled)
    }

    private var reason: String? {
        switch incident.state {
        case .opened, .updated: nil
        case .closed: incident.closeReason?.rawValue
        case .withdrawn:
            incident.review?.rawValue ?? incident.closeReason?.rawValue ?? incident.why.last?.what ?? "false alarm"
        }
    }

    private func text(_ time: MediaTime) -> String { RFC3339.string(from: date(time), in: camera.timeZone) }

    private static func rounded(_ value: Double, _ steps: Double) -> Double {
        value.isFinite ? (value * steps).rounded() / steps : 0
    }
}

/// A value that is written as `null` where absent, since the contract requires the key.
@propertyWrapper
public struct ExplicitNull<Value: Codable & Sendable & Hashable>: Codable, Sendable, Hashable {
    public var wrappedValue: Value?

    public init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }
}

extension KeyedDecodingContainer {
    /// A missing key reads as `null` does.
    public func decode<Value>(_ type: ExplicitNull<Value>.Type, forKey key: Key) throws -> ExplicitNull<Value> {
        try decodeIfPresent(type, forKey: key) ?? ExplicitNull(wrappedValue: nil)
    }
}
