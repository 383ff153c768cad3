import Domain

/// Reads a message about an incident, and refuses what its schema (docs/incident.schema.json) refuses.
///
/// It is a little stricter: a date must be one of the calendar, a key must not stand twice, and lists and texts have limits.
enum AlertReader {
    private typealias Malformed = JSONReader.Malformed

    /// The contract's limit of a message, in bytes.
    static let mostBytes = 8192
    private static let mostItems = 64

    private enum Key: String, JSONKey {
        case data, datacontenttype, dataschema, epoch, id, sequence, source, specversion, subject, time, type
        static let optional: Set<Key> = [.epoch]
    }

    private enum DataKey: String, JSONKey {
        case area, camera, codes, department, evidence, incident, kind, name, object, observed, provenance, severity
        case suggestedLimit = "suggested_limit"
        case why, zone
    }

    private enum IncidentKey: String, JSONKey {
        case id, reason, review, revision, state
        static let optional: Set<IncidentKey> = [.reason]
    }

    private static let (keys, dataKeys, incidentKeys) = (
        JSONKeys<Key>(), JSONKeys<DataKey>(), JSONKeys<IncidentKey>()
    )

    /// Throws why it is refused.
    static func read(_ payload: [UInt8]) throws(JSONReader.Malformed) -> AlertRecord {
        guard String(validating: payload, as: UTF8.self) != nil else { throw Malformed("it is not UTF-8") }
        let result = payload.withUnsafeBufferPointer { bytes -> Result<AlertRecord, JSONReader.Malformed> in
            Result { () throws(JSONReader.Malformed) in
                var reader = JSONReader(bytes)
                var record = AlertRecord()
                try read(&reader, &record)
                try reader.end()
                return record
            }
        }
        return try result.get()
    }

    private static func read(_ reader: inout JSONReader, _ record: inout AlertRecord) throws(JSONReader.Malformed) {
        var (type, contained) = ("", "")
        try reader.object(keys) { reader, key throws(JSONReader.Malformed) in
            switch key {
            case .data: contained = try data(&reader, &record)
            case .datacontenttype: try reader.constant("application/json", "datacontenttype")
            case .dataschema: try reader.constant("urn:gridwarden:schema:incident:1", "dataschema")
            case .epoch: record.epoch = try reader.line("epoch")
            case .id: record.id = try reader.uuid("id", version: 7)
            case .sequence: record.sequence = try reader.sequence()
            case .source: record.site = try source(&reader)
            case .specversion: try reader.constant("1.0", "specversion")
            case .subject: record.incident = try reader.uuid("subject")
            case .time: record.time = try reader.date("time")
            case .type: type = try reader.line("type")
            }
        }
        guard type == "gridwarden.incident.\(record.state.rawValue).v1" else {
            throw JSONReader.Malformed("type does not fit the incident's state")
        }
        guard contained == record.incident else {
            throw JSONReader.Malformed("subject is another incident than data.incident.id")
        }
    }

    private static func source(_ reader: inout JSONReader) throws(JSONReader.Malformed) -> String {
        let source = try reader.line("source")
        let prefix = "/sites/"
        let site = source.utf8.dropFirst(prefix.utf8.count)
        // It becomes a level of the topics that the site is asked by.
        guard source.hasPrefix(prefix), (1...64).contains(site.count),
            site.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"/+#".utf8.contains($0) })
        else { throw JSONReader.Malformed("source must be /sites/ and the site's id") }
        return String(source.dropFirst(prefix.count))
    }

    /// Returns the incident's id.
    private static func data(
        _ reader: inout JSONReader, _ record: inout AlertRecord
    ) throws(JSONReader.Malformed) -> String {
        var incident = ""
        try reader.object(dataKeys) { reader, key throws(JSONReader.Malformed) in
            switch key {
            case .incident: incident = try Self.incident(&reader, &record)
            case .kind: record.kind = try kind(&reader)
            case .severity: record.severity = try reader.integer("severity", 1...5)
            case .name: try PlaceReader.names(&reader)
            case .codes: try PlaceReader.codes(&reader, &record, most: mostItems)
            case .department: try PlaceReader.department(&reader, &record)
            case .suggestedLimit: _ = try reader.line("suggested_limit")
            case .area: try PlaceReader.area(&reader, &record)
            case .camera: try PlaceReader.camera(&reader, &record)
            case .zone: try PlaceReader.zone(&reader, &record)
            case .observed: try ObservationReader.observed(&reader, &record)
            case .object: try ObservationReader.object(&reader)
            case .evidence: try ObservationReader.evidence(&reader, &record, most: mostItems)
            case .provenance: try ObservationReader.provenance(&reader)
            case .why: try ObservationReader.why(&reader)
            }
        }
        return incident
    }

    private static func incident(
        _ reader: inout JSONReader, _ record: inout AlertRecord
    ) throws(JSONReader.Malformed) -> String {
        var id = ""
        try reader.object(incidentKeys) { reader, key throws(JSONReader.Malformed) in
            switch key {
            case .id: id = try reader.uuid("data.incident.id")
            case .revision: record.revision = Int64(try reader.integer("revision", 1...Int(Int32.max)))
            case .reason: record.reason = try reader.line("reason")
            case .review:
                record.review = try reader.line("review")
                guard record.review == "pending" || Verdict(rawValue: record.review) != nil else {
                    throw JSONReader.Malformed("review is no verdict")
                }
            case .state:
                guard let state = Incident.State(rawValue: try reader.line("state")) else {
                    throw JSONReader.Malformed("state must be opened, updated, closed or withdrawn")
                }
                record.state = state
            }
        }
        guard record.isOpen == (record.reason == nil) else {
            throw JSONReader.Malformed("reason stands where the incident has ended, and only there")
        }
        return id
    }

    private static func kind(_ reader: inout JSONReader) throws(JSONReader.Malformed) -> String {
        let kind = try reader.line("kind")
        let parts = kind.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let isKind =
            parts.count == 2
            && parts.allSatisfy { part in
                part.first.map { (0x61...0x7A).contains($0) } ?? false
                    && part.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
            }
        guard isKind else { throw JSONReader.Malformed("kind must be a kind such as parking.motor") }
        return kind
    }
}
