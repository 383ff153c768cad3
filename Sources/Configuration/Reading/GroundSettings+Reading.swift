import Analytics

extension GroundSettings {
    enum Key: String, RuleKey {
        case dwell, windows
        case timeZone = "time_zone"
        case holidays
        case smallestShare = "smallest_share"
        case largestShare = "largest_share"
    }

    /// - Parameter dwell: seconds, where the file says nothing.
    static func read(
        _ section: Section<Key>, dwell: Double, smallest: Double, site: SiteSettings
    ) -> GroundSettings {
        let smallest = section.number(.smallestShare, 0...1, "") ?? smallest
        let largest = section.number(.largestShare, 0...1, "") ?? 1
        if largest < smallest {
            section.report(
                "largest_share is below smallest_share, \(Wording.number(smallest)): nothing would count, raise it",
                .largestShare)
        }
        return GroundSettings(
            dwell: section.dwell ?? dwell, windows: .read(section, site: site),
            size: smallest...max(smallest, largest))
    }
}
