/// Where the alerts go.
public struct BrokerSettings: Sendable, Hashable {
    /// The version of MQTT, as the file spells it.
    public enum Version: String, Sendable, CaseIterable {
        case mqtt5
        case mqtt311 = "mqtt3.1.1"
    }

    /// How a kind stands in a topic, as the file spells it.
    public enum TopicKind: String, Sendable, CaseIterable {
        /// `parking.motor`
        case dotted
        /// `parking_motor`, for brokers that take no dot in a level.
        case underscored
    }

    /// A broker whose peculiarities are known; docs/brokers.md has them.
    public enum Product: String, Sendable, CaseIterable {
        case mosquitto, emqx, nats, ejabberd, rabbitmq, activemq
    }

    /// A name or an address.
    public var host: String
    /// 1…65535; 8883 is usual with TLS.
    public var port = 1883
    public var version = Version.mqtt5
    /// `gridwarden-<site id>` unless the file says otherwise.
    public var clientID: String
    public var username: String?
    /// Its first line is the password; only with `username`.
    public var passwordFile: String?
    /// What every topic begins with; no slash at its ends.
    public var topicRoot = "mg/v1"
    public var topicKind = TopicKind.dotted
    /// Nil where the file does not say; then the daemon finds out.
    public var product: Product?
    /// Seconds, 5…3600.
    public var keepAlive = 30
    /// Nil for a connection in the clear.
    public var tls: TLSSettings?

    public init(host: String, clientID: String) {
        self.host = host
        self.clientID = clientID
    }
}
