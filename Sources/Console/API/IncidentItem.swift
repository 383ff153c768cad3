import Contract
import Domain
import Store

/// An incident as the page has it: its newest message, and how that stands.
struct IncidentItem: Encodable {
    private let event: AlertEvent
    private let sequence: Int64
    private let isDelivered: Bool
    private let limit: LocalizedName
    private let pictures: [Outbox.Picture]

    init(_ incident: Outbox.IndexedIncident, _ catalogue: Catalogue) {
        (event, sequence, isDelivered) = (incident.event, incident.sequence, incident.isDelivered)
        let (said, known) = (event.data.suggestedLimit, catalogue[AlertKind(rawValue: event.data.kind)]?.suggestedLimit)
        pictures = incident.pictures
        // The catalogue may be another one by now.
        limit = known?.en == said ? known ?? .init(zh: said, en: said) : .init(zh: said, en: said)
    }

    private enum CodingKeys: String, CodingKey {
        case id, sequence, delivered, time, state, revision, review, reason, kind, name, codes, severity, department
        case area, camera, zone, observed, object, evidence, provenance, why
        case suggestedLimit = "suggested_limit"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        let data = event.data
        try container.encode(event.subject, forKey: .id)
        try container.encode(sequence, forKey: .sequence)
        try container.encode(isDelivered, forKey: .delivered)
        try container.encode(event.time, forKey: .time)
        try container.encode(data.incident.state, forKey: .state)
        try container.encode(data.incident.revision, forKey: .revision)
        try container.encode(data.incident.review, forKey: .review)
        try container.encodeIfPresent(data.incident.reason, forKey: .reason)
        try container.encode(data.kind, forKey: .kind)
        try container.encode(data.name, forKey: .name)
        try container.encode(data.codes, forKey: .codes)
        try container.encode(data.severity, forKey: .severity)
        try container.encode(data.department, forKey: .department)
        try container.encode(limit, forKey: .suggestedLimit)
        try container.encode(data.area, forKey: .area)
        try container.encode(data.camera, forKey: .camera)
        try container.encode(data.zone, forKey: .zone)
        try container.encode(data.observed, forKey: .observed)
        try container.encode(data.object, forKey: .object)
        try container.encode(pictures, forKey: .evidence)
        try container.encode(data.provenance.model.name, forKey: .provenance)
        try container.encode(data.why, forKey: .why)
    }
}
