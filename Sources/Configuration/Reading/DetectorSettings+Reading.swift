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
