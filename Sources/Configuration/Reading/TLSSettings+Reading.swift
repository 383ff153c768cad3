extension TLSSettings {
    enum Key: String, CaseIterable {
        case caFile = "ca_file"
        case certificateFile = "certificate_file"
        case keyFile = "key_file"
    }

    static func read(_ section: Section<Key>) -> TLSSettings {
        var tls = TLSSettings()
        tls.caFile = section.text(.caFile) ?? tls.caFile
        tls.certificateFile = section.text(.certificateFile)
        tls.keyFile = section.text(.keyFile)
        switch (section.node(.certificateFile) == nil, section.node(.keyFile) == nil) {
        case (true, false):
            section.report("key_file needs a certificate_file: add it, or remove key_file", .keyFile)
        case (false, true):
            section.report("certificate_file needs a key_file: add it, or remove certificate_file", .certificateFile)
        default: break
        }
        return tls
    }
}
