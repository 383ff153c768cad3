public import Foundation

/// One message as it goes over the wire: a CloudEvents 1.0 envelope around one revision of an incident.
///
/// A subscriber decodes it from any payload of the `alert` and `open` topics; keys that it does not know are skipped.
public struct AlertEvent: Codable, Sendable, Hashable {
    public var specversion: String
    /// Names the message; deduplicate by it.
    public var id: String
    public var source: String
    public var type: String
    /// The incident.
    public var subject: String
    public var time: String
    /// 20 digits, without gaps per site and epoch.
    public var sequence: String
    /// The generation of the site's store that counts the sequence; nil in messages of versions that had none.
    public var epoch: String?
    public var datacontenttype: String
    public var dataschema: String
    public var data: Payload

    /// Reads a payload.
    public init(json: Data) throws { self = try JSONDecoder().decode(AlertEvent.self, from: json) }

    init(id: UUID, source: String, subject: UUID, time: String, sequence: Int64, epoch: String?, data: Payload) {
        specversion = "1.0"
        self.id = id.text
        self.source = source
        type = "gridwarden.incident.\(data.incident.state).v1"
        self.subject = subject.text
        self.time = time
        self.sequence = String(format: "%020lld", sequence)
        self.epoch = epoch
        datacontenttype = "application/json"
        dataschema = "urn:gridwarden:schema:incident:1"
        self.data = data
    }
}
