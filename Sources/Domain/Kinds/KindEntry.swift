/// What the catalogue knows of one kind of alert.
public struct KindEntry: Sendable, Hashable, Codable {
    /// How well the product's own rule for the kind has been proved.
    public enum Maturity: String, Sendable, Codable { case stable, beta, experimental }

    /// Who is competent, by the ground that the zone covers.
    public struct Departments: Sendable, Hashable, Codable {
        public var primary: Department
        /// By `Zone.Surface`.
        public var bySurface: [String: Department]
        public var assisting: [Department]

        private enum CodingKeys: String, CodingKey {
            case primary, assisting
            case bySurface = "by_surface"
        }
    }

    public let kind: AlertKind
    public var codes: [KindCode]
    public var name: LocalizedName
    /// 1 is the highest.
    public var severity: Int
    public var departments: Departments
    /// A usual time limit; it differs from city to city and binds nobody.
    public var suggestedLimit: LocalizedName
    public var defaultDwellSeconds: Double
    public var privacyProfile: PrivacyProfile
    public var maturity: Maturity
    /// Whether the kind is on without being asked for by name.
    public var enabled: Bool
    public var note: String

    private enum CodingKeys: String, CodingKey {
        case kind, codes, name, severity, departments, maturity, enabled, note
        case suggestedLimit = "suggested_limit"
        case defaultDwellSeconds = "default_dwell_seconds"
        case privacyProfile = "privacy_profile"
    }

    /// The department with the power to act on this ground.
    public func department(on surface: Zone.Surface) -> Department {
        departments.bySurface[surface.rawValue] ?? departments.primary
    }

    /// The codes that a message carries: all that the site gave, and nothing derived unless asked for.
    public func emittedCodes(
        in systems: Set<KindCode.System> = [.gbt2026, .gbt2013], derived: Bool = false
    ) -> [KindCode] {
        codes.filter {
            $0.certainty == .site || systems.contains($0.system) && (derived || $0.certainty != .derived)
        }
    }
}
