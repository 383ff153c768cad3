internal import CMosquitto
import Foundation

/// Why the broker, or the way to it, refused; free of credentials.
public struct MQTTError: Error, Equatable, CustomStringConvertible {
    public enum Kind: Sendable, Equatable {
        /// There is no connection; the message was not sent, or it is unknown whether it arrived.
        case disconnected
        /// The broker answered with a refusal.
        case refused
        /// This broker can never take this message, such as one that is too long for it.
        case unsendable
        /// The settings cannot work.
        case settings
    }

    public let kind: Kind
    public let operation: String
    public let cause: String
    /// What helps; nil where waiting does.
    public let remedy: String?

    public var description: String { "could not \(operation): \(cause)" + (remedy.map { "; \($0)" } ?? "") }

    /// A return code of the library.
    static func library(
        _ code: Int32, _ operation: String, _ tls: TLSContext? = nil, kind: Kind = .disconnected
    ) -> MQTTError {
        // The number of a system error is valid only on the thread that got it, right after the call.
        let system = errno
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

    /// A message that the library did not hand over.
    static func unsent(_ code: Int32, _ operation: String) -> MQTTError {
        switch UInt32(bitPattern: code) {
        case UInt32(bitPattern: MOSQ_ERR_OVERSIZE_PACKET.rawValue):
            MQTTError(
                kind: .unsendable, operation: operation, cause: "it is longer than the broker takes",
                remedy: "raise max_packet_size at the broker")
        case UInt32(bitPattern: MOSQ_ERR_PAYLOAD_SIZE.rawValue), UInt32(bitPattern: MOSQ_ERR_INVAL.rawValue),
            UInt32(bitPattern: MOSQ_ERR_MALFORMED_UTF8.rawValue):
            library(code, operation, kind: .unsendable)
        // The broker has said so when it accepted us.
        case UInt32(bitPattern: MOSQ_ERR_QOS_NOT_SUPPORTED.rawValue),
            UInt32(bitPattern: MOSQ_ERR_RETAIN_NOT_SUPPORTED.rawValue):
            library(code, operation, kind: .refused)
        default: library(code, operation)
        }
    }

    /// A CONNACK that says no.
    static func connection(_ code: Int32, _ version: MQTTSettings.Version) -> MQTTError {
        let isCredential: Bool
        let text: String
        switch version {
        case .v5:
            text = String(cString: mosquitto_reason_string(code))
            isCredential = [0x86, 0x87, 0x8A].contains(code)
        case .v311:
            text = String(cString: mosquitto_connack_string(code))
            isCredential = code == 4 || code == 5
        }
        return MQTTError(
            kind: .refused, operation: "connect to the broker", cause: trimmed(text),
            remedy: isCredential
                ? "check the user name and the password" : "check the client id and the protocol version")
    }

    /// An acknowledgement that says no.
    static func refusal(_ reason: Int32, _ operation: String) -> MQTTError {
        MQTTError(
            // Packet too large.
            kind: reason == 0x95 ? .unsendable : .refused, operation: operation,
            cause: trimmed(String(cString: mosquitto_reason_string(reason))),
            remedy: reason == 0x87 || reason == 0x80 ? "allow this user the topic at the broker" : nil)
    }

    static let closed = MQTTError(
        kind: .disconnected, operation: "use the connection", cause: "it is closed", remedy: nil)

    static func notConnected(_ operation: String) -> MQTTError {
        MQTTError(kind: .disconnected, operation: operation, cause: "there is no connection to the broker", remedy: nil)
    }

    private static func trimmed(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }
}
