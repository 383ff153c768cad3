import Analytics

extension WaterSettings {
    enum Key: String, RuleKey {
        case dwell, windows
        case timeZone = "time_zone"
        case holidays
    }

    /// - Parameter dwell: seconds, where the file says nothing.
    static func read(_ section: Section<Key>, dwell: Double, site: SiteSettings) -> WaterSettings {
        WaterSettings(dwell: section.dwell ?? dwell, windows: .read(section, site: site))
    }
}
