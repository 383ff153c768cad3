/// The catalogue's entry for one kind of alert.
public struct KindEntry: Sendable, Hashable, Codable {
    /// How well the product's rule for the kind has been verified: docs/detectors.md says what each takes.
    public enum Maturity: String, Sendable, Codable { case stable, beta, experimental }

    /// The competent department, by the surface of the zone.
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
    /// A usual time limit; it differs from city to city and is not binding.
    public var suggestedLimit: LocalizedName
    public var defaultDwellSeconds: Double
    public var privacyProfile: PrivacyProfile
    public var maturity: Maturity
    /// Whether the kind is enabled by default.
    public var enabled: Bool
    public var note: String

    private enum CodingKeys: String, CodingKey {
        case kind, codes, name, severity, departments, maturity, enabled, note
        case suggestedLimit = "suggested_limit"
        case defaultDwellSeconds = "default_dwell_seconds"
        case privacyProfile = "privacy_profile"
    }

    /// The department with the power to act on this surface.
    public func department(on surface: Zone.Surface) -> Department {
        departments.bySurface[surface.rawValue] ?? departments.primary
    }

    /// The codes of a message: all that the site gave, and derived ones only on request.
    public func emittedCodes(
        in systems: Set<KindCode.System> = [.gbt2026, .gbt2013], derived: Bool = false
    ) -> [KindCode] {
        codes.filter {
            $0.certainty == .site || systems.contains($0.system) && (derived || $0.certainty != .derived)
        }
    }
}

/// The kind of an alert, e.g. `parking.motor`; the catalogue holds the rest. Kinds of a rule are declared beside it.
public struct AlertKind: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }
}

/// A kind's code in one generation of the standard.
public struct KindCode: Sendable, Hashable, Codable {
    public enum System: String, Sendable, Codable, CaseIterable {
        case gbt2026 = "GB/T 47678.5-2026"
        case gbt2013 = "GB/T 30428.2-2013"
        case cjt2007 = "CJ/T 214-2007"
    }

    /// How reliable the code is.
    public enum Certainty: String, Sendable, Codable {
        /// Read in the text of the standard.
        case source
        /// Read in one third-party transcription.
        case transcription
        /// Computed by the rule between two generations; never sent unless a site asks for it.
        case derived
        /// Given by the site; always sent.
        case site
    }

    public let system: System
    public let code: String
    public let certainty: Certainty

    public init(system: System, code: String, certainty: Certainty) {
        self.system = system
        self.code = code
        self.certainty = certainty
    }
}

/// The authority with the power to act.
public struct Department: Sendable, Hashable, Codable {
    /// A stable slug such as `traffic-police`.
    public let role: String
    public let name: LocalizedName
    /// The department's number at this site, where configured.
    public let id: String?

    public init(role: String, name: LocalizedName, id: String? = nil) {
        self.role = role
        self.name = name
        self.id = id
    }
}

/// A text in Chinese and in English.
public struct LocalizedName: Sendable, Hashable, Codable {
    public let zh: String
    public let en: String

    public init(zh: String, en: String) {
        self.zh = zh
        self.en = en
    }
}

/// What evidence of a kind may show.
public enum PrivacyProfile: String, Sendable, Codable, CaseIterable {
    /// Faces and plates are blurred.
    case maskAll = "mask_all"
    /// Faces are blurred; only the plate of the vehicle in question remains readable.
    case plate
}
