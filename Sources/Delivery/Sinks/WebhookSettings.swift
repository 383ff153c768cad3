public import Domain
import Foundation
public import Runtime

/// Where alerts are posted to besides the broker, and which.
public struct WebhookSettings: Sendable, Equatable {
    /// A header with a secret value, e.g. `Authorization`.
    public struct Header: Sendable, Equatable {
        public let name: String
        public let value: Secret

        public init(name: String, value: Secret) {
            self.name = name
            self.value = value
        }
    }

    /// By which its cursor is kept; lower-case letters, digits and hyphens.
    public var name: String
    /// `https://…`, or `http://…` where the way is trusted. Without credentials.
    public var url: String
    /// Kinds (`parking.motor`) and families (`vending.*`); empty: all.
    public var kinds: [String]
    /// Each with all below it; empty: all.
    public var areas: [AreaCode]
    public var header: Header?
    /// PEM with the certificates that are trusted; nil: the system's.
    public var authorities: String?
    public var refusals: DeliveryLoop.Refusals
    /// What its receiver understands.
    public var dialect: any WebhookDialect
    /// Seconds for one attempt.
    public var timeout: Double

    public init(
        name: String, url: String, kinds: [String] = [], areas: [AreaCode] = [], header: Header? = nil,
        authorities: String? = nil, refusals: DeliveryLoop.Refusals = .hold,
        dialect: any WebhookDialect = NativeDialect(), timeout: Double = 20
    ) {
        self.name = name
        self.url = url
        self.kinds = kinds
        self.areas = areas
        self.header = header
        self.authorities = authorities
        self.refusals = refusals
        self.dialect = dialect
        self.timeout = timeout
    }

    public static func == (one: WebhookSettings, other: WebhookSettings) -> Bool {
        (one.name, one.url, one.kinds, one.areas, one.header) == (
            other.name, other.url, other.kinds, other.areas, other.header
        )
            && (one.authorities, one.refusals, one.dialect.name, one.timeout) == (
                other.authorities, other.refusals, other.dialect.name, other.timeout
            )
    }

    /// Whether a message about this kind in this area is wanted.
    ///
    /// - Parameter area: 12 digits.
    func wants(kind: String, area: String) -> Bool {
        let kind = AlertKind(rawValue: kind)
        return (kinds.isEmpty || kinds.contains(where: kind.isCovered))
            && (areas.isEmpty || areas.contains { $0.covers(area) })
    }
}
