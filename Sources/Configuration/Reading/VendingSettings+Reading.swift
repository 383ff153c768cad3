import Analytics

extension VendingSettings {
    enum Key: String, RuleKey {
        case dwell, windows
        case timeZone = "time_zone"
        case holidays, permits
    }

    /// - Parameter dwell: seconds, where the file says nothing.
    static func read(_ section: Section<Key>, dwell: Double, site: SiteSettings) -> VendingSettings {
        let windows = TimeWindows.read(section, site: site)
        let nodes = section.list(.permits, of: "permits {name, polygon, until, windows}") ?? []
        let permits = nodes.enumerated().compactMap { index, node in
            let place = "\(section.place), permit no. \(index + 1)"
            return Section(node, place: place, at: Position(node), section.log).map {
                Permit.read($0, timeZone: windows.timeZone)
            }
        }
        return VendingSettings(dwell: section.dwell ?? dwell, windows: windows, permits: permits)
    }
}
