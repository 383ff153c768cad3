internal import CMosquitto
import Foundation

/// Why the broker, or the connection to it, failed; free of credentials.
public struct MQTTError: Error, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// There is no connection; the message was not sent, or it is unknown whether it arrived.
        case disconnected
        /// The broker answered with a refusal.
        case refused
        /// This broker can never accept this message, for example because it is too long.
        case unsendable
        /// The settings cannot work.
        case settings
    }

    /// What the failure of a connection reveals about the broker.
    package enum Sign: Sendable, Equatable {
        /// It closed the connection instead of sending a CONNACK, or answered with something else.
        case closedUnanswered
        /// A CONNACK with a refusal: a reason code of MQTT 5 or a return code of 3.1.1.
        case refused(Int)
        /// It closed the connection without a reason.
        case closed
        /// It closed the connection with a reason code of MQTT 5.
        case told(Int)
    }

    public let kind: Kind
    public internal(set) var operation: String
    public internal(set) var cause: String
    /// The remedy; nil where waiting helps.
    public internal(set) var remedy: String?
    /// Nil where the failure reveals nothing.
    var sign: Sign?

    /// The broker refuses this very message, for its topic or its content, not for lack of space or time.
    package let isAboutMessage: Bool

    package init(
        kind: Kind, operation: String, cause: String, remedy: String?, sign: Sign? = nil, isAboutMessage: Bool = false
    ) {
        self.kind = kind
        self.operation = operation
        self.cause = cause
        self.remedy = remedy
        self.sign = sign
        self.isAboutMessage = isAboutMessage
    }

    public var description: String { "could not \(operation): \(cause)" + (remedy.map { "; \($0)" } ?? "") }

    /// Whether a message in flight may be why the broker closed the connection.
    package var blamesMessage: Bool {
        switch sign {
        case .closed: true
        case .told(let reason): MQTTReasons.mayConcernMessage(reason)
        default: false
        }
    }

    static let clash = "perhaps two boxes have one client id: give each its own site.id, or client_id"

    /// A return code of the library.
    ///
    /// - Parameter system: errno right after the call.
    static func library(
        _ code: Int32, _ operation: String, _ tls: TLSContext? = nil, kind: Kind = .disconnected, system: Int32 = errno
    ) -> MQTTError {
        if let fault = tls?.fault(operation) { return fault }
        let text =
            code == MOSQ_ERR_ERRNO.rawValue
            ? String(cString: strerror(system)) : String(cString: mosquitto_strerror(code))
        let remedy: String? =
            switch UInt32(bitPattern: code) {
            case UInt32(MOSQ_ERR_TLS.rawValue): "check the authorities, the certificate, its key and the port"
            case UInt32(MOSQ_ERR_EAI.rawValue): "check the broker's host name"
            case UInt32(MOSQ_ERR_INVAL.rawValue): "check the broker's settings and that its files can be read"
            case UInt32(bitPattern: MOSQ_ERR_ERRNO.rawValue) where operation.hasPrefix("connect"):
                "check its host and port, and that it runs; it is tried again, and alerts wait in the outbox"
            default: nil
            }
        return MQTTError(kind: kind, operation: operation, cause: trimmed(text), remedy: remedy)
    }

    /// A message that the library did not send.
    static func unsent(_ code: Int32, _ operation: String) -> MQTTError {
        switch UInt32(bitPattern: code) {
        case UInt32(bitPattern: MOSQ_ERR_OVERSIZE_PACKET.rawValue):
            MQTTError(
                kind: .unsendable, operation: operation, cause: "it is longer than the broker takes",
                remedy: "raise max_packet_size at the broker")
        case UInt32(bitPattern: MOSQ_ERR_PAYLOAD_SIZE.rawValue), UInt32(bitPattern: MOSQ_ERR_INVAL.rawValue),
            UInt32(bitPattern: MOSQ_ERR_MALFORMED_UTF8.rawValue):
            library(code, operation, kind: .unsendable)
        // The broker announced this when it accepted the connection.
        case UInt32(bitPattern: MOSQ_ERR_QOS_NOT_SUPPORTED.rawValue),
            UInt32(bitPattern: MOSQ_ERR_RETAIN_NOT_SUPPORTED.rawValue):
            library(code, operation, kind: .refused)
        default: library(code, operation)
        }
    }

    /// No answer in time.
    static func late(_ operation: String, _ cause: String, remedy: String) -> MQTTError {
        MQTTError(kind: .disconnected, operation: operation, cause: cause, remedy: remedy)
    }

    static let closed = MQTTError(
        kind: .disconnected, operation: "use the connection", cause: "it is closed", remedy: nil)

    package static func notConnected(_ operation: String) -> MQTTError {
        MQTTError(kind: .disconnected, operation: operation, cause: "there is no connection to the broker", remedy: nil)
    }

    static func trimmed(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }
}
