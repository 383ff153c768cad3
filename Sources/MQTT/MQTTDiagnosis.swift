internal import CMosquitto
import Foundation

/// The cause of a connection's end, and its remedy.
struct MQTTDiagnosis: Sendable {
    let settings: MQTTSettings
    let attempt: BrokerRoute.Attempt
    let tls: TLSContext?

    var connecting: String { "connect to the broker \(attempt.address)" }
    var keeping: String { "keep the connection to the broker \(attempt.address)" }

    /// The meaning of the library's error.
    ///
    /// - Parameters:
    ///   - system: errno right after the call.
    ///   - isUp: the broker had accepted the connection.
    ///   - isWaiting: an acknowledgement was awaited, or something had just been refused.
    func ending(_ code: Int32, _ system: Int32, isUp: Bool, isWaiting: Bool) -> MQTTError {
        // The TLS handshake continues in the loop.
        let operation = isUp ? keeping : connecting
        if let fault = tls?.fault(operation) { return fault }
        let isClosed =
            code == MOSQ_ERR_CONN_LOST.rawValue
            // With TLS the library reports the end of the stream as a protocol error.
            || code == MOSQ_ERR_ERRNO.rawValue && [EPIPE, ECONNRESET, EPROTO].contains(system)
        // Not MQTT, or not this version of it.
        let isOdd = code == MOSQ_ERR_PROTOCOL.rawValue || code == MOSQ_ERR_MALFORMED_PACKET.rawValue
        guard isClosed || !isUp && isOdd else { return .library(code, operation, system: system) }
        guard isUp else {
            return MQTTError(
                kind: .disconnected, operation: operation,
                cause: isClosed
                    ? "the broker closed the connection without an answer"
                    : "what answers there is not MQTT as we speak it",
                remedy: unansweredRemedy, sign: .closedUnanswered)
        }
        return MQTTError(
            kind: .disconnected, operation: operation, cause: "the broker closed the connection",
            remedy: isWaiting ? "the broker's own log says why" : nil, sign: .closed)
    }

    private var unansweredRemedy: String {
        // The broker's reason is lost where it disconnects during a write.
        let proof =
            settings.tls?.certificate == nil ? ", and whether the broker demands a certificate of this site" : ""
        let port = tls == nil ? "check the port, which may be one for TLS" : "check the port" + proof
        return switch (settings.version, attempt.version) {
        case (.v5, _): "perhaps it does not speak MQTT 5: try protocol: mqtt3.1.1; and \(port)"
        case (.v311, _): port
        case (nil, .v5): "perhaps it does not speak MQTT 5: 3.1.1 is tried as well; and \(port)"
        case (nil, .v311): "neither MQTT 5 nor 3.1.1 was answered: \(port)"
        }
    }

    /// No name server answers.
    var nameless: MQTTError {
        .late(
            connecting, "no name server answers within \(seconds(settings.connectTimeout))",
            remedy: "check this machine's name servers, or write the broker's address into host")
    }

    /// No TCP connection.
    var unanswered: MQTTError {
        .late(
            connecting, "nobody answers there within \(seconds(settings.connectTimeout))",
            remedy: "check its host and port, the network and the firewalls; it is tried again, and alerts wait")
    }

    /// A TCP connection, but no answer to CONNECT.
    var unaccepted: MQTTError {
        let time = seconds(settings.connectTimeout)
        if let tls, tls.expiries.isEmpty {
            return .late(
                connecting, "it takes the connection, but the handshake of TLS is not answered within \(time)",
                remedy: "check the port, and that the broker speaks TLS there")
        }
        return .late(
            connecting, "it takes the connection, but does not answer (no CONNACK) within \(time)",
            remedy: "check the port, and that the broker is not overloaded")
    }

    /// No acknowledgement in time.
    ///
    /// - Parameter message: the awaited operation.
    func silence(_ message: String) -> MQTTError {
        .late(
            keeping, "the broker has not acknowledged a message for \(seconds(settings.ackTimeout))",
            remedy: "see whether the broker's disk is full or the broker overloaded; it was to \(message)")
    }

    private func seconds(_ time: Double) -> String { "\(time == time.rounded() ? "\(Int(time))" : "\(time)") s" }
}
