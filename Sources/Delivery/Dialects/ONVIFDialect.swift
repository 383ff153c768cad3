import Contract
import Domain
public import Foundation

/// ONVIF events over MQTT: each kind that is watched in a zone is a property, true while an incident of it is open.
///
/// ONVIF Core Specification 25.12, 9.12 Event Broker: "Topic Structure" (`TopicPrefix/onvif-ej/LocalTopic/&Source`, namespace prefix
/// dropped), "JSON Event Payload" (`UtcTime`, `Source`, `Data`, in this order) and "Property events" (retained, without
/// PropertyOperation; a zero byte payload deletes the property). The event is that of the field detector of ONVIF Analytics,
/// annex A: `IsInside`, with the objects in `ObjectId` and their classes in `ClassTypes`; what is not ONVIF's has our prefix.
public struct ONVIFDialect: BrokerDialect {
    private static let event = "onvif-ej/RuleEngine/FieldDetector/ObjectsInside"

    /// The same all the while: a property that has never changed must not look as if it had.
    private static let processStart = Date()

    /// Unique for each site.
    public var topicPrefix: String
    /// Since when a property is what it is that has never changed.
    private let start: Date

    /// - Parameter start: nil for the start of the process.
    public init(topicPrefix: String, start: Date? = nil) {
        self.topicPrefix = topicPrefix
        self.start = start ?? Self.processStart
    }

    public var name: String { "onvif" }

    public func standing(_ site: DialectSite, _ book: DialectBook) -> [DialectMessage] {
        site.rules.map { property(book.state(of: $0)) }
    }

    public func messages(_ change: IncidentChange, _ site: DialectSite) -> [DialectMessage] { [property(change.rule)] }

    public func keeps(_ topic: String, _ site: DialectSite) -> Bool { false }

    private func property(_ rule: RuleState) -> DialectMessage {
        // The name of a zone has no underscore, and a level of a topic may have no dot at some brokers.
        let name = "\(rule.rule.zone)_\(rule.rule.kindLevel)"
        let changed = rule.changed.flatMap(RFC3339.date) ?? start
        var data: [(String, String)] = [("IsInside", rule.open.isEmpty ? "false" : "true")]
        if let first = rule.open.first {
            let since = RFC3339.date(from: first.data.observed.firstSeen).map(Self.utc)
            data += [
                ("ObjectId", Self.quoted(rule.open.map(\.subject).joined(separator: " "))),
                ("ClassTypes", Self.quoted(rule.open.map { Self.type($0.data.object.class) }.joined(separator: " "))),
                ("gridwarden:Kind", Self.quoted(rule.rule.kind)),
                ("gridwarden:Severity", "\(rule.open.map(\.data.severity).min() ?? 0)"),
            ]
            if let since { data.append(("gridwarden:Since", Self.quoted(since))) }
        }
        let source: [(String, String)] = [("VideoSource", Self.quoted(rule.rule.camera)), ("Rule", Self.quoted(name))]
        let payload =
            "{\"UtcTime\":\(Self.quoted(Self.utc(changed))),\"Source\":\(Self.items(source)),\"Data\":\(Self.items(data))}"
        return DialectMessage(
            topic: "\(topicPrefix)/\(Self.event)/&\(rule.rule.camera)/\(name)", .bytes(Array(payload.utf8)),
            isRetained: true)
    }

    /// A type of ONVIF's enumeration where it has one.
    private static func type(_ name: String) -> String {
        switch ObjectClass(rawValue: name) {
        case .person, .crowd: "Human"
        case .bicycle: "Bicycle"
        case .car, .bus, .truck, .motorcycle: "Vehicle"
        case .bird, .cat, .dog: "Animal"
        default: "Other"
        }
    }

    private static func utc(_ date: Date) -> String { RFC3339.string(from: date, in: .gmt) }

    /// Names, and values that are JSON already.
    private static func items(_ items: [(String, String)]) -> String {
        "{" + items.map { "\(quoted($0.0)):\($0.1)" }.joined(separator: ",") + "}"
    }

    private static func quoted(_ text: String) -> String { String(decoding: WireJSON.bytes(text), as: UTF8.self) }
}
