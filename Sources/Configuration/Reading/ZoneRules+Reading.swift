import Analytics
import Domain
import Yams

extension ZoneRules {
    static func read(
        _ zone: Section<ZoneSettings.Key>, surface: Zone.Surface, site: SiteSettings, catalogue: Catalogue
    ) -> ZoneRules {
        let keys = Rules.kinds.map { FieldName(rawValue: $0.rawValue) }
        let names = Wording.list(keys.map(\.rawValue))
        guard let node = zone.node(.rules) else {
            zone.report("the zone has no rule: add rules with at least one of \(names)", .rules)
            return ZoneRules()
        }
        guard
            let rules = Section(
                node, keys: keys, place: zone.place, noun: "rule", at: Position(node), zone.log)
        else { return ZoneRules() }
        if node.mapping?.isEmpty ?? false {
            zone.report("rules is empty: add at least one of \(names)", .rules)
        }
        var settings = ZoneRules()
        for rule in Rules.all {
            for kind in rule.kinds {
                settings[kind] = read(rule, kind, rules, catalogue[kind], site: site)
                let key = FieldName(rawValue: kind.rawValue)
                if let needed = rule.surface, surface != needed, rules.position(of: key) != nil {
                    rules.report(
                        "\(kind) needs \(needed.rawValue): give the zone surface: \(needed.rawValue), or remove it", key
                    )
                }
            }
        }
        return settings
    }

    /// Without keys where the rule stands alone; nil where there is none, or one at fault.
    private static func read(
        _ rule: RuleDescriptor, _ kind: AlertKind, _ rules: Section<FieldName>, _ entry: KindEntry?, site: SiteSettings
    ) -> (any RuleSettings)? {
        let key = FieldName(rawValue: kind.rawValue)
        let fields = rule.fields(of: kind)
        guard let position = rules.position(of: key),
            let section = Section(
                rules.node(key) ?? [:], fields: fields, place: "\(rules.place), \(kind)", at: position, rules.log)
        else { return nil }
        let settings = rule.settings(
            of: kind, dwell: entry?.defaultDwellSeconds, timeZone: site.timeZone, values: section.values(of: fields))
        for fault in settings.faults { section.report(fault.message, FieldName(rawValue: fault.key)) }
        return settings
    }
}
