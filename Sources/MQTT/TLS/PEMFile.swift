internal import COpenSSL
import Foundation

/// A file of certificates or of a key, as OpenSSL reads it. Its content never appears in an error.
struct PEMFile {
    let path: String
    /// Its name in the configuration.
    let name: String
    private let text: Data

    init(_ path: String, _ name: String) throws(MQTTError) {
        self.path = path
        self.name = name
        guard let text = FileManager.default.contents(atPath: path) else {
            throw MQTTError(
                kind: .settings, operation: "read \(path), the \(name)", cause: "it is not there or may not be read",
                remedy: "check the path, and that the daemon's user may read it")
        }
        self.text = text
    }

    /// The expiry dates of its certificates, in the order of the file; at least one.
    func expiries() throws(MQTTError) -> [Date] {
        let found = withBytes { bytes in
            var found: [Date] = []
            while let certificate = PEM_read_bio_X509(bytes, nil, nil, nil) {
                if let date = Self.notAfter(certificate) { found.append(date) }
                X509_free(certificate)
            }
            return found
        }
        guard !found.isEmpty else { throw fault("it holds no certificate", remedy: "write one into it, as PEM") }
        return found
    }

    /// Throws unless this is the key, without a passphrase, of the first certificate in `file`.
    func requireKey(of file: PEMFile) throws(MQTTError) {
        guard let key = withBytes({ PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in -1 }, nil) }) else {
            throw fault(
                "it holds no key that can be used without a passphrase", remedy: "write the plain key into it, as PEM")
        }
        defer { EVP_PKEY_free(key) }
        let isItsKey = file.withBytes { bytes in
            guard let certificate = PEM_read_bio_X509(bytes, nil, nil, nil) else { return false }
            defer { X509_free(certificate) }
            return X509_check_private_key(certificate, key) == 1
        }
        guard isItsKey else {
            throw fault(
                "it is not the key of the certificate in \(file.path)", remedy: "name the key that belongs to it")
        }
    }

    /// Nil where the certificate has no readable expiry date.
    static func notAfter(_ certificate: OpaquePointer) -> Date? {
        var parts = tm()
        guard let time = X509_get0_notAfter(certificate), ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return Date(timeIntervalSince1970: Double(timegm(&parts)))
    }

    private func withBytes<Value>(_ body: (OpaquePointer?) -> Value) -> Value {
        text.withUnsafeBytes { buffer in
            let bytes = BIO_new_mem_buf(buffer.baseAddress, Int32(clamping: buffer.count))
            defer {
                BIO_free(bytes)
                // OpenSSL leaves the end of the file in its error queue, where it would be taken for an error of the
                // connection.
                ERR_clear_error()
            }
            return body(bytes)
        }
    }

    private func fault(_ cause: String, remedy: String) -> MQTTError {
        MQTTError(kind: .settings, operation: "use \(path), the \(name)", cause: cause, remedy: remedy)
    }
}
