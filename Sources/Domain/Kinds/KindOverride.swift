/// What a site says of one kind of alert, where it differs from the catalogue.
///
/// Who is competent is `Routing`'s matter.
public struct KindOverride: Sendable, Hashable {
    public let kind: AlertKind
    /// Nil keeps the catalogue's, here and below.
    public var name: LocalizedName?
    /// All that are sent; none where it is empty.
    public var codes: [KindCode]?
    /// 1 is the highest.
    public var severity: Int?
    public var suggestedLimit: LocalizedName?
    /// Seconds, where a zone's rule names none.
    public var dwell: Double?
    public var privacyProfile: PrivacyProfile?

    public init(
        kind: AlertKind, name: LocalizedName? = nil, codes: [KindCode]? = nil, severity: Int? = nil,
        suggestedLimit: LocalizedName? = nil, dwell: Double? = nil, privacyProfile: PrivacyProfile? = nil
    ) {
        self.kind = kind
        self.name = name
        self.codes = codes
        self.severity = severity
        self.suggestedLimit = suggestedLimit
        self.dwell = dwell
        self.privacyProfile = privacyProfile
    }
}

extension Catalogue {
    /// The same kinds, each as the site has it; a kind that the catalogue does not know changes nothing.
    public func overridden(by overrides: [KindOverride]) -> Catalogue {
        var catalogue = self
        for override in overrides {
            guard var entry = self[override.kind] else { continue }
            entry.name = override.name ?? entry.name
            entry.codes = override.codes ?? entry.codes
            entry.severity = override.severity ?? entry.severity
            entry.suggestedLimit = override.suggestedLimit ?? entry.suggestedLimit
            entry.defaultDwellSeconds = override.dwell ?? entry.defaultDwellSeconds
            entry.privacyProfile = override.privacyProfile ?? entry.privacyProfile
            catalogue[override.kind] = entry
        }
        return catalogue
    }
}
