package import Domain
public import Foundation

/// A message that is ready to be sent, or waits in the outbox.
public struct AlertMessage: Sendable, Hashable {
    /// Per site, without gaps.
    public let sequence: Int64
    public let id: UUID
    /// The incident.
    public let subject: UUID
    public let topic: String
    /// The topic that retains the current state of the incident.
    public let openTopic: String
    /// False empties the retained state.
    public let isOpen: Bool
    /// JSON.
    public let payload: [UInt8]
    /// The masked pictures that it refers to and that may leave the box; none once it comes from the outbox.
    public let pictures: [AlertPicture]

    public init(
        sequence: Int64, id: UUID, subject: UUID, topic: String, openTopic: String, isOpen: Bool, payload: [UInt8],
        pictures: [AlertPicture] = []
    ) {
        self.sequence = sequence
        self.id = id
        self.subject = subject
        self.topic = topic
        self.openTopic = openTopic
        self.isOpen = isOpen
        self.payload = payload
        self.pictures = pictures
    }

    /// Its identity for subscribers. Messages of an earlier store are below 1 in this one's order, and have their own
    /// number.
    package var name: (sequence: Int64, epoch: String?) {
        guard sequence < 1, let event = try? AlertEvent(json: Data(payload)), let own = Int64(event.sequence) else {
            return (sequence, nil)
        }
        return (own, event.epoch)
    }
}

extension AlertMessage {
    /// The last message about the incident, with its new state: after a review, or where its camera no longer reports.
    package init(
        again last: AlertMessage, as incident: Incident, sequence: Int64, epoch: String, at date: Date,
        configurationSHA256: String? = nil
    ) throws {
        var event = try AlertEvent(json: Data(last.payload))
        // The camera's time zone, from its last message.
        let time = RFC3339.string(from: date, in: RFC3339.timeZone(of: event.time) ?? .gmt)
        var data = event.data
        data.incident = .init(
            id: data.incident.id, revision: incident.revision, state: incident.state.rawValue,
            review: incident.review?.rawValue ?? "pending", reason: nil)
        switch incident.state {
        case .opened, .updated: break
        case .closed: data.incident.reason = incident.closeReason?.rawValue ?? "cleared"
        case .withdrawn: data.incident.reason = incident.review?.rawValue ?? "false alarm"
        }
        data.observed.backfilled = false
        if let configurationSHA256 { data.provenance.configurationSHA256 = configurationSHA256 }
        if incident.closed != nil { data.observed.closed = data.observed.closed ?? time }
        data.why.append(
            .init(at: time, what: incident.why.last?.what ?? "reviewed", whatInChinese: incident.why.last?.zh))
        event = AlertEvent(
            id: UUIDv7.make(date: date), source: event.source, subject: incident.id, time: time, sequence: sequence,
            epoch: epoch, data: data)
        var json = try WireJSON.encode(event)
        while json.count > IncidentEnvelope.mostBytes, event.data.why.count > 1 {
            event.data.why.removeFirst()
            json = try WireJSON.encode(event)
        }
        guard json.count <= IncidentEnvelope.mostBytes, let id = UUID(uuidString: event.id) else {
            throw MessageTooLong(incident: incident.id, bytes: json.count)
        }
        self.init(
            sequence: sequence, id: id, subject: incident.id, topic: last.topic, openTopic: last.openTopic,
            isOpen: incident.isOpen, payload: Array(json))
    }

    /// The payload with `backfilled` set; id, time and sequence are the original ones.
    package func backfilled() throws -> [UInt8] {
        var event = try AlertEvent(json: Data(payload))
        event.data.observed.backfilled = true
        return Array(try WireJSON.encode(event))
    }
}

/// A picture that may leave the box, and its topic.
public struct AlertPicture: Sendable, Hashable {
    /// Ends in the picture's hash.
    public let topic: String
    /// Relative to the evidence folder.
    public let file: String
    public let sha256: String

    package init(topic: String, file: String, sha256: String) {
        self.topic = topic
        self.file = file
        self.sha256 = sha256
    }
}

/// A message that is too long even without its explanation and evidence: a configured name is too long.
public struct MessageTooLong: Error, CustomStringConvertible {
    public let incident: UUID
    public let bytes: Int

    public var description: String {
        "the message about incident \(incident.text) has \(bytes) bytes and may have \(IncidentEnvelope.mostBytes); "
            + "shorten the names of its camera and zone"
    }
}
