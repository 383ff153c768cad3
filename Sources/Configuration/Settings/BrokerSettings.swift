public import Domain

/// The brokers that receive the alerts.
public struct BrokerSettings: Sendable, Hashable {
    /// The version of MQTT, as the file spells it.
    public enum Version: String, Sendable, CaseIterable {
        /// 5, and 3.1.1 where the broker does not support that.
        case auto
        case mqtt5
        case mqtt311 = "mqtt3.1.1"
    }

    /// The spelling of a kind in a topic, as the file names it.
    public enum TopicKind: String, Sendable, CaseIterable {
        /// `parking.motor`
        case dotted
        /// `parking_motor`, for brokers that allow no dot in a level.
        case underscored
    }

    /// A broker with known peculiarities; see docs/brokers.md.
    public enum Product: String, Sendable, CaseIterable {
        case mosquitto, emqx, nats, ejabberd, rabbitmq, activemq
    }

    /// A name or an address; empty where only `hosts` is given.
    public var host: String
    /// 1…65535; 8883 is usual with TLS.
    public var port = 1883
    /// More brokers, after `host`; one at a time is used.
    public var hosts: [ServerAddress] = []
    public var version = Version.auto
    /// All brokers, in the order in which they are tried.
    public var addresses: [ServerAddress] { (host.isEmpty ? [] : [ServerAddress(host: host, port: port)]) + hosts }
    /// `gridwarden-<site id>` unless the file says otherwise.
    public var clientID: String
    public var username: String?
    /// Its first line is the password; only with `username`.
    public var passwordFile: String?
    /// The prefix of every topic; no slash at its ends.
    public var topicRoot = BrokerSettings.usualRoot
    static let usualRoot = "mg/v1"
    public var topicKind = TopicKind.dotted
    /// Nil where the file does not say; then the daemon finds out.
    public var product: Product?
    /// Seconds, 5…3600.
    public var keepAlive = 30
    /// Seconds, 5…600, for which the broker may leave a message unacknowledged.
    public var ackTimeout = 20
    /// Nil for an unencrypted connection.
    public var tls: TLSSettings?

    public init(host: String, clientID: String) {
        self.host = host
        self.clientID = clientID
    }
}

/// The files of an encrypted connection to the broker.
public struct TLSSettings: Sendable, Hashable {
    /// The trusted certificates, PEM.
    public var caFile = "/etc/ssl/certs/ca-certificates.crt"
    /// This site's own certificate, PEM; given together with `keyFile` or not at all.
    public var certificateFile: String?
    /// The key of `certificateFile`, PEM.
    public var keyFile: String?

    public init() {}
}
