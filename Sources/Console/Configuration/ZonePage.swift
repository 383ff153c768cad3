import Analytics
import Domain
import SiteConfiguration

/// What the zone editor reads: the zones as the file has them, and what can be watched for.
struct ZonePage: Encodable {
    let camera: String
    let name: String
    let version: String
    /// Whether the service may write the file.
    let isWritable: Bool
    let zones: [ZoneDraft]
    /// The ids of the camera's presets; each zone names one of them where there are any.
    let presets: [String]
    /// By how much the camera's view has shifted, in shares of the picture, right and down.
    let shifted: Point?
    let kinds: [ZoneKind]
    let surfaces = Zone.Surface.allCases.map(\.rawValue)

    private enum CodingKeys: String, CodingKey {
        case camera, name, version, zones, presets, shifted, kinds, surfaces
        case isWritable = "writable"
    }
}

/// A kind that a zone can be watched for, with its keys.
struct ZoneKind: Encodable {
    struct Key: Encodable {
        let key: String
        /// `number`, `integer`, `choices`, `windows`, … : the form that the reader takes.
        let form: String
        var least: Double?
        var most: Double?
        var unit: String?
        var choices: [String]?
        /// As the file spells it.
        let standard: String?
        let what: LocalizedName
    }

    let kind: String
    let name: LocalizedName
    let maturity: String
    /// The only ground that it makes sense on; nil for any.
    let surface: String?
    /// Where it is usually watched for: a zone that begins with it gets this one.
    let usualSurface: String
    /// Whether it can be told what it would have reported.
    let isPreviewed: Bool
    let keys: [Key]

    private enum CodingKeys: String, CodingKey {
        case kind, name, maturity, surface, keys
        case usualSurface = "usual_surface"
        case isPreviewed = "previewed"
    }

    static func all(_ catalogue: Catalogue) -> [ZoneKind] {
        Rules.all.flatMap { rule in
            rule.kinds.compactMap { kind in
                catalogue[kind].map { entry in
                    ZoneKind(
                        kind: kind.rawValue, name: entry.name, maturity: entry.maturity.rawValue,
                        surface: rule.surface?.rawValue, usualSurface: usual(kind, rule).rawValue,
                        isPreviewed: rule.replay != nil,
                        keys: rule.fields(of: kind, dwell: entry.defaultDwellSeconds).map(Key.init))
                }
            }
        }
    }

    private static func usual(_ kind: AlertKind, _ rule: RuleDescriptor) -> Zone.Surface {
        if let surface = rule.surface { return surface }
        return kind.rawValue.hasPrefix("parking.") ? .carriageway : rule.needs.contains(.smoke) ? .other : .pavement
    }
}

extension ZoneKind.Key {
    init(_ field: Field) {
        let what = LocalizedName(zh: field.what.zh, en: field.what.en)
        switch field.form {
        case .number(let range, let unit):
            self.init(
                key: field.key, form: "number", least: range.lowerBound, most: range.upperBound, unit: unit,
                standard: field.standard, what: what)
        case .integer(let range, let unit):
            self.init(
                key: field.key, form: "integer", least: Double(range.lowerBound), most: Double(range.upperBound),
                unit: unit,
                standard: field.standard, what: what)
        case .choices(let names), .choice(let names):
            self.init(key: field.key, form: "choices", choices: names, standard: field.standard, what: what)
        case .windows: self.init(key: field.key, form: "windows", standard: field.standard, what: what)
        default: self.init(key: field.key, form: "other", standard: field.standard, what: what)
        }
    }
}
