import Analytics

extension CrowdSettings {
    enum Key: String, RuleKey {
        case dwell, windows
        case timeZone = "time_zone"
        case holidays, people
    }

    /// - Parameter dwell: seconds, where the file says nothing.
    static func read(_ section: Section<Key>, dwell: Double, site: SiteSettings) -> CrowdSettings {
        var crowd = CrowdSettings(dwell: section.dwell ?? dwell, windows: .read(section, site: site))
        crowd.people = section.integer(.people, 2...500) ?? crowd.people
        return crowd
    }
}
