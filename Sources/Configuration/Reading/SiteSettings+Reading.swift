import Domain
import Glibc

extension SiteSettings {
    enum Key: String, CaseIterable {
        case id, area, grid, microgrid
        case timeZone = "time_zone"
        case stateDirectory = "state_directory"
        case modelsDirectory = "models_directory"
        case departments, kinds
    }

    /// `area` replaces a faulty one while the rest of the file is read.
    static func read(_ section: Section<Key>, area: AreaCode, catalogue: Catalogue) -> SiteSettings {
        let id = section.identifier(.id, example: "320583102-003-edge01")
        if section.node(.area) == nil { section.reportMissing(.area, example: "320583102201") }
        var site = SiteSettings(id: id ?? "", area: section.areaCode(.area) ?? area)
        site.grid = section.code(.grid) ?? site.grid
        site.microgrid = section.code(.microgrid) ?? site.microgrid
        site.timeZone = section.timeZone(.timeZone) ?? site.timeZone
        site.stateDirectory = section.text(.stateDirectory) ?? site.stateDirectory
        site.modelsDirectory = section.text(.modelsDirectory) ?? site.modelsDirectory
        site.kinds = KindOverride.read(section, catalogue: catalogue)
        site.departments = Routing.read(section, catalogue: catalogue)
        return site
    }
}

extension DetectorSettings {
    enum Key: String, CaseIterable {
        case model
        case minimumScore = "minimum_score"
        case threads
        case tiles
    }

    static func read(_ section: Section<Key>) -> DetectorSettings {
        var detector = DetectorSettings()
        let form = "the name of a model, which holds letters, digits, dots and hyphens"
        detector.model =
            section.text(.model, form: form) {
                $0.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._\-]{0,63}/) != nil
            } ?? detector.model
        detector.minimumScore = section.number(.minimumScore) ?? detector.minimumScore
        detector.threads = section.integer(.threads) ?? detector.threads
        detector.hasTiles = section.boolean(.tiles) ?? detector.hasTiles
        return detector
    }
}

extension EvidenceSettings {
    enum Key: String, CaseIterable {
        case enabled, directory, publish
        case keepDays = "keep_days"
        case maxMegabytes = "max_megabytes"
        case jpegQuality = "jpeg_quality"
        case hardExamples = "hard_examples"
    }

    static func read(_ section: Section<Key>?, site: SiteSettings) -> EvidenceSettings {
        let state = site.stateDirectory.hasSuffix("/") ? site.stateDirectory : site.stateDirectory + "/"
        var evidence = EvidenceSettings(directory: state + "evidence")
        guard let section else { return evidence }
        evidence.isEnabled = section.boolean(.enabled) ?? evidence.isEnabled
        evidence.directory = section.text(.directory) ?? evidence.directory
        evidence.isPublished = section.boolean(.publish) ?? evidence.isPublished
        evidence.keepDays = section.integer(.keepDays) ?? evidence.keepDays
        evidence.maxMegabytes = section.integer(.maxMegabytes) ?? evidence.maxMegabytes
        evidence.jpegQuality = section.integer(.jpegQuality) ?? evidence.jpegQuality
        evidence.hardExamples = section.integer(.hardExamples) ?? evidence.hardExamples
        return evidence
    }
}

extension OutboxSettings {
    enum Key: String, CaseIterable {
        case maxMessages = "max_messages"
        case maxMegabytes = "max_megabytes"
        case auditDays = "audit_days"
    }

    static func read(_ section: Section<Key>) -> OutboxSettings {
        var outbox = OutboxSettings()
        outbox.maxMessages = section.integer(.maxMessages) ?? outbox.maxMessages
        outbox.maxMegabytes = section.integer(.maxMegabytes) ?? outbox.maxMegabytes
        outbox.auditDays = section.integer(.auditDays) ?? outbox.auditDays
        return outbox
    }
}

extension LoggingSettings {
    enum Key: String, CaseIterable { case level }

    static func read(_ section: Section<Key>) -> LoggingSettings {
        var logging = LoggingSettings()
        logging.level = section.choice(.level) ?? logging.level
        return logging
    }
}

extension MetricsSettings {
    enum Key: String, CaseIterable { case listen }

    static func read(_ section: Section<Key>) -> MetricsSettings {
        var metrics = MetricsSettings()
        let form = "an address of this machine and a port, e.g. 127.0.0.1:9464 or [::1]:9464"
        metrics.listen = section.text(.listen, form: form) { endpoint($0) != nil }.flatMap(endpoint)
        return metrics
    }

    static func endpoint(_ text: String) -> Endpoint? {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65535).contains(port)
        else { return nil }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            let address = String(host.dropFirst().dropLast())
            var bytes = in6_addr()
            return inet_pton(AF_INET6, address, &bytes) == 1 ? Endpoint(address: address, port: port) : nil
        }
        var bytes = in_addr()
        return inet_pton(AF_INET, String(host), &bytes) == 1 ? Endpoint(address: String(host), port: port) : nil
    }
}
