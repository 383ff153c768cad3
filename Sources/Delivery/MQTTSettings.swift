/// How to reach a broker.
public struct MQTTSettings: Sendable {
    public enum Version: String, Sendable, Codable, CaseIterable {
        case v311 = "3.1.1"
        case v5 = "5"
    }

    /// Paths of PEM files.
    public struct TLS: Sendable, Hashable {
        public var authorities: String
        public var certificate: String?
        public var key: String?

        public init(authorities: String, certificate: String? = nil, key: String? = nil) {
            self.authorities = authorities
            self.certificate = certificate
            self.key = key
        }
    }

    public var host: String
    public var port: Int
    public var clientID: String
    public var username: String?
    public var password: Secret?
    /// Seconds without traffic after which the broker is asked whether it lives.
    public var keepAlive: Int
    public var version: Version
    public var tls: TLS?
    /// What must not be told on, whoever repeats it.
    public var secrets = KnownSecrets()
    /// What the broker publishes, retained, when the connection breaks; made anew for each connection.
    public var will: (@Sendable () -> MQTTMessage)?
    /// Seconds for which the broker keeps subscriptions and what comes for them over a broken connection; 0: not at all.
    /// MQTT 3.1.1 cannot limit it.
    public var sessionExpiry = 0
    /// What cannot be kept of the rules for incoming requests; nil where all can.
    public var inboundWarning: String? {
        version == .v5
            ? nil
            : "with MQTT 3.1.1 a review or command that is published with retain while the site listens cannot be told "
                + "from another and is honoured, and the size of what comes in is bounded by the broker alone; use "
                + "protocol mqtt5, or set message_size_limit at the broker"
    }
    /// Bounds of the wait between two attempts, in seconds.
    public var shortestWait = 0.5
    public var longestWait = 30.0

    public init(
        host: String, port: Int = 1883, clientID: String, username: String? = nil, password: Secret? = nil,
        keepAlive: Int = 30, version: Version = .v5, tls: TLS? = nil, will: (@Sendable () -> MQTTMessage)? = nil
    ) {
        self.host = host
        self.port = port
        self.clientID = clientID
        self.username = username
        self.password = password
        self.keepAlive = keepAlive
        self.version = version
        self.tls = tls
        self.will = will
    }
}
