internal import CMosquitto
import Domain

/// The broker's reasons for a refusal, and the remedies: of CONNACK, DISCONNECT and the acknowledgements.
enum MQTTReasons {
    static let unsupportedVersion = 0x84
    static let sessionTakenOver = 0x8E
    static let retainNotSupported = 0x9A
    private static let packetTooLarge = 0x95
    /// Reasons of PUBACK that do not concern the message: busy, too many, over a quota, shutting down.
    private static let passing: Set = [0x88, 0x89, 0x8B, 0x93, 0x96, 0x97, 0x98]

    private static let credentials = "check the user name and the password"
    private static let theirLog = "the broker's own log says why"

    /// A refusing CONNACK.
    static func connection(_ code: Int, _ address: ServerAddress) -> MQTTError {
        let (text, remedy) =
            // A broker of 3.1.1 may use codes of its own.
            switch code {
            case 0x80...: (name(code), connectionRemedy(code))
            default: (String(cString: mosquitto_connack_string(Int32(code))), oldConnectionRemedy(code))
            }
        return MQTTError(
            kind: .refused, operation: "connect to the broker \(address)", cause: MQTTError.trimmed(text),
            remedy: remedy, sign: .refused(code == 1 ? unsupportedVersion : code))
    }

    private static func connectionRemedy(_ code: Int) -> String {
        switch code {
        case 0x85: "give another client_id: letters and digits, at most 23, are taken everywhere"
        // Some brokers check the last will's topic at this point.
        case 0x87: credentials + ", and that the broker lets this user connect and write the site's topic"
        case 0x86: credentials
        case 0x8A: "lift the ban of this client or address at the broker"
        case 0x90: "the broker does not take the topic of the last will: check topic_root and topic_kind"
        case retainNotSupported: "allow retained messages at the broker, or go without"
        default: remedy(code) ?? theirLog
        }
    }

    /// For MQTT 3.1.1.
    private static func oldConnectionRemedy(_ code: Int) -> String {
        switch code {
        case 1: "set protocol: auto"
        case 2: connectionRemedy(0x85)
        case 3: remedy(0x88) ?? theirLog
        case 4: credentials
        case 5: connectionRemedy(0x87)
        default: theirLog
        }
    }

    /// A DISCONNECT of the broker.
    static func disconnection(_ reason: Int, clientID: String, _ operation: String) -> MQTTError {
        MQTTError(
            kind: .disconnected, operation: operation,
            cause: reason == sessionTakenOver
                ? "another client connected with the same client id, \(clientID)" : name(reason),
            remedy: remedy(reason), sign: .told(reason))
    }

    /// Excludes those that concern the connection alone: busy, shutting down, keep-alive, taken over, an
    /// administrator's act, another server, too many or too long connections.
    static func mayConcernMessage(_ reason: Int) -> Bool {
        ![0x88, 0x89, 0x8B, 0x8D, sessionTakenOver, 0x98, 0x9C, 0x9D, 0x9F, 0xA0].contains(reason)
    }

    /// A refusing acknowledgement.
    static func refusal(_ reason: Int, _ operation: String) -> MQTTError {
        MQTTError(
            kind: reason == packetTooLarge ? .unsendable : .refused, operation: operation, cause: name(reason),
            remedy: reason == 0x80 ? remedy(0x87) : remedy(reason),
            isAboutMessage: !passing.contains(reason))
    }

    private static func remedy(_ reason: Int) -> String? {
        switch reason {
        case unsupportedVersion: "set protocol: auto, or mqtt3.1.1"
        case 0x87: "allow this user the topic at the broker"
        case 0x88, 0x89: "see what keeps the broker busy; it is tried again"
        case 0x8B: "it is connected again once it is back"
        case 0x8C: "have the broker ask for a user name and a password, or for a certificate"
        case 0x8D: "raise keep_alive"
        case sessionTakenOver: MQTTError.clash
        case 0x8F: "allow filters of that depth and form at the broker"
        case 0x90: "the broker does not take this topic: check topic_root and topic_kind"
        case 0x93: "raise the broker's limit of messages in flight to 20 and more"
        case packetTooLarge: "raise max_packet_size at the broker"
        case 0x96: "raise the broker's limit of messages in a time"
        case 0x97: "raise the broker's quota: of its queues, its storage, or of this client"
        case 0x98: "ask who administers the broker"
        case retainNotSupported: "retained topics are left out"
        case 0x9B: "allow QoS 1 at the broker: alerts are sent with it"
        case 0x9C, 0x9D: "write the address of the other broker into host"
        case 0x9F: "raise the broker's limit of connections in a time"
        case 0xA0: "raise the broker's limit of a connection's length; it is connected again"
        case 0xA2: "allow filters with wildcards at the broker"
        case 0x80...0x83: theirLog
        default: nil
        }
    }

    private static func name(_ reason: Int) -> String {
        MQTTError.trimmed(String(cString: mosquitto_reason_string(Int32(reason))))
    }
}
