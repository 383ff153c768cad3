internal import COpenSSL
import Contract
import Foundation
import Synchronization

/// Authorities, certificate and host check of one connection, and why its handshake failed.
///
/// Created here because libmosquitto 2.0 says only that TLS failed, and checks no host name in a context that it is
/// given.
final class TLSContext: Sendable {
    private struct State {
        var expiries: [CertificateExpiry] = []
        /// Why the broker's certificate was not accepted.
        var refusal: (cause: String, remedy: String)?
        /// OpenSSL's messages, oldest first.
        var lines: [String] = []
    }

    /// An `SSL_CTX`, which OpenSSL reference-counts and locks itself.
    nonisolated(unsafe) let handle: OpaquePointer
    private let host: String
    private let state = Mutex(State())

    init(_ files: MQTTSettings.TLS, host: String) throws(MQTTError) {
        try files.check()
        guard let handle = SSL_CTX_new(TLS_client_method()) else {
            throw MQTTError(
                kind: .settings, operation: "prepare TLS", cause: "OpenSSL gives no context",
                remedy: "check OpenSSL's own configuration")
        }
        self.handle = handle
        self.host = host
        SSL_CTX_ctrl(handle, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
        SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nil)
        // A daemon cannot ask for a passphrase.
        SSL_CTX_set_default_passwd_cb(handle) { _, _, _, _ in -1 }
        var isReady = SSL_CTX_load_verify_file(handle, files.authorities) == 1
        if let certificate = files.certificate, let key = files.key {
            isReady = isReady && SSL_CTX_use_certificate_chain_file(handle, certificate) == 1
            isReady = isReady && SSL_CTX_use_PrivateKey_file(handle, key, SSL_FILETYPE_PEM) == 1
        }
        let expected = SSL_CTX_get0_param(handle)
        // An authority in the file is trusted even if the one that signed it is not in the file.
        X509_VERIFY_PARAM_set_flags(expected, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        X509_VERIFY_PARAM_set_hostflags(expected, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        // An address is compared with the certificate's addresses, a name with its names.
        if X509_VERIFY_PARAM_set1_ip_asc(expected, host) != 1 {
            isReady = isReady && X509_VERIFY_PARAM_set1_host(expected, host, 0) == 1
        }
        ERR_clear_error()
        guard isReady else {
            throw MQTTError(
                kind: .settings, operation: "prepare TLS", cause: "OpenSSL does not take the files",
                remedy: "check ca_file, certificate_file and key_file")
        }
        // The session that owns this outlives the connection, and so does this.
        SSL_CTX_set_cert_verify_callback(
            handle,
            { chain, context in
                guard let chain, let context else { return 0 }
                return Unmanaged<TLSContext>.fromOpaque(context).takeUnretainedValue().verify(chain)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { SSL_CTX_free(handle) }

    /// Of the certificates presented by the broker; empty until they were accepted.
    var expiries: [CertificateExpiry] { state.withLock { $0.expiries } }

    /// Takes a line of libmosquitto's log.
    func note(_ line: String) {
        // A peer that disconnects without a close alert is not a TLS fault.
        guard line.hasPrefix("OpenSSL Error"), !line.contains("unexpected eof") else { return }
        // error:CODE:LIBRARY:FUNCTION:REASON
        let reason = line.split(separator: ":", omittingEmptySubsequences: false).last.map(String.init) ?? line
        state.withLock { if $0.lines.count < 8 { $0.lines.append(reason) } }
    }

    /// Why the connection failed, where that is due to TLS.
    func fault(_ operation: String) -> MQTTError? {
        let (refusal, lines) = state.withLock { ($0.refusal, $0.lines) }
        guard let (cause, remedy) = refusal ?? lines.first.map(Self.answer) else { return nil }
        return MQTTError(kind: .disconnected, operation: operation, cause: cause, remedy: remedy)
    }

    /// OpenSSL's own check; 1 where it passes.
    private func verify(_ chain: OpaquePointer) -> Int32 {
        let result = X509_verify_cert(chain)
        let certificates = X509_STORE_CTX_get0_chain(chain)
        let dates = (0..<max(0, OPENSSL_sk_num(certificates))).map { index in
            OPENSSL_sk_value(certificates, index).flatMap { PEMFile.notAfter(OpaquePointer($0)) }
        }
        if result == 1 {
            let broker = dates.first.flatMap { $0 }.map { CertificateExpiry(.broker, notAfter: $0) }
            let authority = dates.dropFirst().compactMap { $0 }.min().map {
                CertificateExpiry(.authority, notAfter: $0)
            }
            state.withLock { $0.expiries = [broker, authority].compactMap { $0 } }
        } else {
            let depth = Int(X509_STORE_CTX_get_error_depth(chain))
            let date = dates.indices.contains(depth) ? dates[depth] : nil
            let refusal = refusal(X509_STORE_CTX_get_error(chain), depth: depth, notAfter: date)
            state.withLock { $0.refusal = refusal }
        }
        return result
    }

    private func refusal(_ code: Int32, depth: Int, notAfter: Date?) -> (String, String) {
        let which = depth == 0 ? "the broker's certificate" : "the certificate of the broker's authority"
        switch code {
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            return (
                "the broker's certificate is for another host than \(host)", "write its name into host, or renew it"
            )
        case X509_V_ERR_CERT_HAS_EXPIRED:
            let since = notAfter.map { " on \(RFC3339.string(from: $0, in: .gmt))" } ?? ""
            return ("\(which) has expired\(since)", "renew it there, and check this machine's clock")
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return ("\(which) is not valid yet", "check this machine's clock")
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
            X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_SIGNATURE_FAILURE:
            return (
                "the broker's certificate is not signed by an authority in ca_file",
                "write the certificate of the broker's authority into ca_file"
            )
        default:
            let text = String(cString: X509_verify_cert_error_string(Int(code)))
            return ("\(which) is not accepted: \(text)", "have the broker's certificate renewed")
        }
    }

    /// The meaning of a TLS alert by which the broker refused our certificate.
    private static func answer(_ line: String) -> (String, String) {
        let text = line.lowercased()
        if text.contains("certificate expired") {
            return ("the broker says that this site's certificate has expired", "renew certificate_file")
        }
        if text.contains("alert unknown ca") || text.contains("alert bad certificate") {
            return (
                "the broker does not accept this site's certificate",
                "have certificate_file signed by an authority that the broker trusts"
            )
        }
        if text.contains("certificate required") || text.contains("alert handshake failure") {
            return ("the broker demands a certificate of this site", "give certificate_file and key_file")
        }
        if text.contains("wrong version number") {
            return ("the broker does not speak TLS on this port", "check the port, usually 8883")
        }
        return ("TLS failed: \(line)", "check the authorities, the certificate, its key and the port")
    }
}
