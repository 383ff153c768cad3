import Analytics
import Yams

extension ZoneRules {
    /// The kinds that a rule exists for.
    enum Key: String, CaseIterable { case parking = "parking.motor" }

    static func read(_ zone: Section<ZoneSettings.Key>, site: SiteSettings) -> ZoneRules {
        let kinds = Key.allCases.map(\.rawValue)
        guard let node = zone.node(.rules) else {
            zone.report("the zone has no rule: add rules with at least one of \(Wording.list(kinds))", .rules)
            return ZoneRules()
        }
        let place = zone.place
        guard let rules = Section<Key>(node, place: place, noun: "rule", at: Position(node), zone.log) else {
            return ZoneRules()
        }
        if node.mapping?.isEmpty ?? false {
            zone.report("rules is empty: add at least one of \(Wording.list(kinds))", .rules)
        }
        var settings = ZoneRules()
        if rules.position(of: .parking) != nil {
            settings.parking =
                rules.section(.parking, place: "\(place), parking.motor").map { ParkingSettings.read($0, site: site) }
                ?? ParkingSettings(windows: TimeWindows(windows: [], timeZone: site.timeZone))
        }
        return settings
    }
}
