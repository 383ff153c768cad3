/// How the broker is reached: which one, and what it does not take.
public struct BrokerLink: Codable, Sendable, Hashable {
    /// Host and port.
    public var address: String
    /// The version of MQTT: 5 or 3.1.1.
    public var version: String
    /// Retained topics that are left out because of the broker: `site`, `camera`, `open`, or one topic; nil where none are.
    public var omits: [String]?
    /// Filters that the broker refuses, the first 16: requests that come there are not heard. They are asked for again; nil
    /// where all are taken.
    public var unheard: [String]?
    /// Why the connection broke of late, where that may happen again; nil once it has held for a while.
    public var trouble: String?

    package init(
        address: String, version: String, omits: [String]? = nil, unheard: [String]? = nil, trouble: String? = nil
    ) {
        self.address = address
        self.version = version
        self.omits = omits
        self.unheard = unheard
        self.trouble = trouble
    }

    private enum CodingKeys: String, CodingKey {
        case address, omits, trouble, unheard
        case version = "protocol"
    }
}
