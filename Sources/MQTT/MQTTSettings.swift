import Contract
public import Domain
public import Runtime

/// The settings of the connection to a broker.
public struct MQTTSettings: Sendable {
    public enum Version: String, Sendable, Codable, CaseIterable {
        case v311 = "3.1.1"
        case v5 = "5"
    }

    /// Paths of PEM files.
    public struct TLS: Sendable, Hashable {
        /// Each certificate in it is trusted, whether or not it is signed by another one in it.
        public var authorities: String
        public var certificate: String?
        public var key: String?

        public init(authorities: String, certificate: String? = nil, key: String? = nil) {
            self.authorities = authorities
            self.certificate = certificate
            self.key = key
        }
    }

    /// At least one. They are tried in turn, and a working one is kept.
    public var addresses: [ServerAddress]
    public var clientID: String
    public var username: String?
    public var password: Secret?
    /// Seconds without traffic after which the broker is pinged.
    public var keepAlive: Int
    /// Nil: 5, and 3.1.1 where the broker does not support that.
    public var version: Version?
    public var tls: TLS?
    /// Redacted in all messages, whatever their origin.
    public var secrets = KnownSecrets()
    /// The retained message that the broker publishes when the connection breaks; made for each connection.
    public var will: (@Sendable () -> MQTTMessage)?
    /// Seconds for which the broker delays the will, MQTT 5 only: others do not notice a site that reconnects in this
    /// time.
    ///
    /// Longer than the first delays between two attempts.
    public var willDelay = 10
    /// The same for one connection; 0 where it has no will, or its version no delay.
    func willDelay(_ attempt: BrokerRoute.Attempt) -> Int {
        attempt.version == .v5 && attempt.hasWill && will != nil ? willDelay : 0
    }
    /// Seconds for which the broker keeps subscriptions and their messages across a broken connection; 0: not at all.
    /// Cannot be limited in MQTT 3.1.1.
    public var sessionExpiry = 0
    /// Which rules for incoming requests cannot be kept; nil where all can.
    public var inboundWarning: String? { version == .v311 ? Self.oldInboundWarning : nil }
    package static let oldInboundWarning =
        "with MQTT 3.1.1 a review or command that is published with retain while the site listens cannot be told "
        + "from another and is honoured, and the size of what comes in is bounded by the broker alone; use "
        + "protocol mqtt5, or set message_size_limit at the broker"
    /// What an operator should know although it is not a fault.
    public var notes: [String] {
        var notes: [String] = []
        if addresses.count > 1 {
            notes.append(
                "brokers that are no cluster keep retained states and waiting requests each for itself; subscribers need "
                    + "to be at all of them")
        }
        return notes
    }
    /// Bounds of the delay between two attempts, in seconds.
    public var shortestWait = 0.5
    public var longestWait = 30.0
    /// A connection that has held for so many seconds was a success, after which the delays start again at the lower
    /// bound.
    public var settleTime = 30.0
    /// Seconds for which the broker may leave a message unacknowledged before the connection counts as broken.
    ///
    /// One more for each `slowestLink` bytes in flight: a picture takes its time over a slow line.
    public var ackTimeout = 20.0
    /// Bytes; a longer message that comes in is dropped, and the broker is asked not to send one of more than twice as many.
    public var largestMessage = 64 * 1024
    /// Bytes per second that every line is expected to carry; wss on Debian's mosquitto achieves 40 KiB.
    static let slowestLink = 32.0 * 1024
    /// Seconds for each address of a host to accept the TCP connection, and then for the broker to accept it.
    public var connectTimeout = 10.0

    public init(
        host: String, port: Int = 1883, clientID: String, username: String? = nil, password: Secret? = nil,
        keepAlive: Int = 30, version: Version? = .v5, tls: TLS? = nil, will: (@Sendable () -> MQTTMessage)? = nil
    ) {
        addresses = [ServerAddress(host: host, port: port)]
        self.clientID = clientID
        self.username = username
        self.password = password
        self.keepAlive = keepAlive
        self.version = version
        self.tls = tls
        self.will = will
    }
}

/// Whether both reach the same broker in the same way; the will and the secrets aside.
extension MQTTSettings: Equatable {
    public static func == (one: MQTTSettings, other: MQTTSettings) -> Bool {
        (one.addresses, one.clientID, one.username, one.password, one.version, one.tls) == (
            other.addresses, other.clientID, other.username, other.password, other.version, other.tls
        )
            && (one.keepAlive, one.ackTimeout, one.connectTimeout, one.sessionExpiry, one.willDelay) == (
                other.keepAlive, other.ackTimeout, other.connectTimeout, other.sessionExpiry, other.willDelay
            )
            && (one.shortestWait, one.longestWait, one.settleTime) == (
                other.shortestWait, other.longestWait, other.settleTime
            )
    }
}

extension MQTTSettings.TLS {
    /// Throws where a file cannot be read, has other content, or the key does not belong to the certificate. An expired
    /// certificate is accepted: the daemon then keeps running, and its alerts wait.
    public func check() throws(MQTTError) {
        _ = try PEMFile(authorities, "ca_file").expiries()
        guard let certificate, let key else { return }
        let file = try PEMFile(certificate, "certificate_file")
        _ = try file.expiries()
        try PEMFile(key, "key_file").requireKey(of: file)
    }

    /// Of this site's own certificate, from the file on disk; nil without one.
    func clientExpiry() -> CertificateExpiry? {
        guard let certificate, let file = try? PEMFile(certificate, "certificate_file"),
            let own = try? file.expiries().first
        else { return nil }
        return CertificateExpiry(.client, notAfter: own)
    }
}
