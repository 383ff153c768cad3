import Analytics
import Catalogue
import Yams

extension ZoneRules {
    /// The kinds that a rule exists for.
    enum Key: String, CaseIterable {
        case parking = "parking.motor"
        case exposedGarbage = "env.garbage_exposed"
        case garbagePile = "env.garbage_pile"
        case piledGoods = "appearance.pile"
        case roadVending = "vending.occupy_road"
        case itinerantVending = "vending.itinerant"
        case outOfStore = "vending.out_of_store"
        case burning = "env.burning"
        case smokeAndFire = "safety.smoke_fire"
        case dirtyWater = "env.water_dirty"
        case crowd = "safety.crowd"

        var kind: AlertKind { AlertKind(rawValue: rawValue) }
    }

    enum SmokeKey: String, CaseIterable { case dwell }

    static func read(
        _ zone: Section<ZoneSettings.Key>, surface: Zone.Surface, site: SiteSettings, catalogue: Catalogue
    ) -> ZoneRules {
        let kinds = Key.allCases.map(\.rawValue)
        guard let node = zone.node(.rules) else {
            zone.report("the zone has no rule: add rules with at least one of \(Wording.list(kinds))", .rules)
            return ZoneRules()
        }
        guard let rules = Section<Key>(node, place: zone.place, noun: "rule", at: Position(node), zone.log) else {
            return ZoneRules()
        }
        if node.mapping?.isEmpty ?? false {
            zone.report("rules is empty: add at least one of \(Wording.list(kinds))", .rules)
        }
        var settings = ZoneRules()
        for key in Key.allCases {
            settings.read(key, rules, dwell: catalogue[key.kind]?.defaultDwellSeconds ?? 600, site: site)
        }
        if rules.position(of: .dirtyWater) != nil, surface != .water {
            rules.report("env.water_dirty needs water: give the zone surface: water, or remove it", .dirtyWater)
        }
        return settings
    }

    /// - Parameter dwell: the catalogue's, in seconds.
    private mutating func read(_ key: Key, _ rules: Section<Key>, dwell: Double, site: SiteSettings) {
        switch key {
        case .parking:
            parking = rules.settings(key, ParkingSettings.Key.self).map {
                ParkingSettings.read($0, dwell: dwell, site: site)
            }
        case .exposedGarbage, .garbagePile, .piledGoods:
            // Whatever is smaller than a pile is exposed garbage.
            let smallest = key == .garbagePile ? 0.01 : 0
            ground[key.kind] = rules.settings(key, GroundSettings.Key.self).map {
                GroundSettings.read($0, dwell: dwell, smallest: smallest, site: site)
            }
        case .roadVending, .itinerantVending, .outOfStore:
            vending[key.kind] = rules.settings(key, VendingSettings.Key.self).map {
                VendingSettings.read($0, dwell: dwell, site: site)
            }
        case .burning, .smokeAndFire:
            smoke[key.kind] = rules.settings(key, SmokeKey.self).map {
                $0.number(.dwell, 1...86400, "seconds") ?? dwell
            }
        case .dirtyWater:
            water = rules.settings(key, WaterSettings.Key.self).map { WaterSettings.read($0, dwell: dwell, site: site) }
        case .crowd:
            crowd = rules.settings(key, CrowdSettings.Key.self).map { CrowdSettings.read($0, dwell: dwell, site: site) }
        }
    }
}

extension Section<ZoneRules.Key> {
    /// Without keys where the rule stands alone; nil where there is none, or one at fault.
    fileprivate func settings<Inner>(_ key: Key, _ keys: Inner.Type) -> Section<Inner>? {
        guard let position = position(of: key) else { return nil }
        return Section<Inner>(node(key) ?? [:], place: "\(place), \(key.rawValue)", at: position, log)
    }
}
