import Domain

extension InboundSettings {
    enum Key: String, CaseIterable { case enabled, reviewers, commanders }

    static func read(_ section: Section<Key>) -> InboundSettings {
        var inbound = InboundSettings()
        inbound.isEnabled = section.boolean(.enabled) ?? inbound.isEnabled
        inbound.reviewers = parties(section, .reviewers, "reviewer")
        inbound.commanders = parties(section, .commanders, "commander")
        return inbound
    }

    private static func parties(_ section: Section<Key>, _ key: Key, _ what: String) -> [Party] {
        (section.list(key, of: "maps such as {by: worker-17, area: \"320583\"}") ?? []).enumerated().compactMap {
            let place = "\(section.place), \(what) no. \($0.offset + 1)"
            return Section($0.element, place: place, at: Position($0.element), section.log).flatMap(Party.read)
        }
    }
}

extension InboundSettings.Party {
    enum Key: String, CaseIterable { case by, area }

    /// Nil where the name is at fault: it must not become one that everybody has.
    static func read(_ section: Section<Key>) -> InboundSettings.Party? {
        if section.node(.by) == nil { section.reportMissing(.by, example: "worker-17") }
        let name = section.text(.by, form: "1 to 128 characters on one line") {
            (1...128).contains($0.count) && !$0.contains(where: \.isNewline)
        }
        let form = "an area code of 2, 4, 6, 9 or 12 digits, e.g. 320583"
        let area = section.text(.area, form: form) { (try? AreaCode($0)) != nil }.flatMap { try? AreaCode($0) }
        return name.map { InboundSettings.Party(by: $0, area: area) }
    }
}
