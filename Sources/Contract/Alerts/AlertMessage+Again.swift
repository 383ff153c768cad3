package import Domain
package import Foundation

extension AlertMessage {
    /// What was said last of the incident, with its new state: after a review, or where its camera speaks no more.
    package init(again last: AlertMessage, as incident: Incident, sequence: Int64, epoch: String, at date: Date) throws
    {
        var event = try AlertEvent(json: Data(last.payload))
        // The camera's own time zone, as its last message has it.
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
        if incident.closed != nil { data.observed.closed = data.observed.closed ?? time }
        data.why.append(.init(at: time, what: incident.why.last?.what ?? "reviewed"))
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
