public import Contract
import Domain
import Foundation

/// For a webhook trigger of Home Assistant: one flat map, whose keys an automation reads as `trigger.json.…`, with texts that can
/// be shown as they are. https://www.home-assistant.io/docs/automation/trigger/#webhook-trigger
public struct HomeAssistantDialect: WebhookDialect {
    /// Wire keys: more may come, none goes.
    private struct Body: Encodable {
        /// Of the message: one that is sent again has the same.
        let id: String
        /// The same in all messages of one incident, on the broker too: the tag of a notification that later ones replace.
        let incident: String
        let site: String
        /// Without gaps for a site and its epoch.
        let sequence: Int64
        let epoch: String?
        /// `opened`, `updated`, `closed` or `withdrawn`.
        let state: String
        let open: Bool
        let review: String
        let kind: String
        /// 1 is the highest.
        let severity: Int
        let title: String
        let message: String
        let camera: String
        let zone: String
        let area: String
        let latitude: Double?
        let longitude: Double?
        let time: String
        let firstSeen: String
        let dwellSeconds: Double

        private enum CodingKeys: String, CodingKey {
            case id, incident, site, sequence, epoch, state, open, review, kind, severity, title, message, camera, zone
            case area, latitude, longitude, time
            case firstSeen = "first_seen"
            case dwellSeconds = "dwell_seconds"
        }
    }

    public init() {}

    public var name: String { "home_assistant" }
    public var mediaType: String { "application/json" }

    public func body(of message: AlertMessage) throws -> [UInt8] {
        let event = try AlertEvent(json: Data(message.payload))
        let data = event.data
        return Array(
            try WireJSON.encode(
                Body(
                    id: event.id, incident: event.subject, site: event.source,
                    sequence: Int64(event.sequence) ?? message.sequence, epoch: event.epoch, state: data.incident.state,
                    open: data.incident.isOpen, review: data.incident.review,
                    kind: data.kind, severity: data.severity, title: "\(data.name.zh) \(data.name.en)",
                    message: text(data), camera: data.camera.id, zone: data.zone.id, area: data.area.code,
                    latitude: data.camera.latitude, longitude: data.camera.longitude, time: event.time,
                    firstSeen: data.observed.firstSeen, dwellSeconds: data.observed.dwellSeconds)))
    }

    /// Where, and since when by the camera's own time of day.
    private func text(_ data: AlertEvent.Payload) -> String {
        let place = [data.camera.name, data.zone.name].filter { !$0.isEmpty }.joined(separator: ", ")
        let since = data.observed.firstSeen.split(separator: "T").last?.prefix(5) ?? ""
        return "\(place.isEmpty ? data.camera.id : place): \(data.incident.state), \(since)"
    }
}
