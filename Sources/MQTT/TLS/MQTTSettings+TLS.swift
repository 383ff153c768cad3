import Contract

extension MQTTSettings.TLS {
    /// Throws where a file cannot be read, holds something else, or the key is not the certificate's. An expired
    /// certificate passes: the daemon then runs on, and its alerts wait.
    public func check() throws(MQTTError) {
        _ = try PEMFile(authorities, "ca_file").expiries()
        guard let certificate, let key else { return }
        let file = try PEMFile(certificate, "certificate_file")
        _ = try file.expiries()
        try PEMFile(key, "key_file").requireKey(of: file)
    }

    /// Of this site's own certificate as it is in the file now; nil without one.
    func clientExpiry() -> CertificateExpiry? {
        guard let certificate, let file = try? PEMFile(certificate, "certificate_file"),
            let own = try? file.expiries().first
        else { return nil }
        return CertificateExpiry(.client, notAfter: own)
    }
}
