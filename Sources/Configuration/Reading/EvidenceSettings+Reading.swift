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
