import Foundation

/// The alert kinds: names, standard codes, severities and competent departments.
///
/// A value: a site changes entries through the subscript.
public struct Catalogue: Sendable {
    /// The built-in table cannot be read: a fault of the build, not of the site.
    public struct Unreadable: Error, CustomStringConvertible {
        public let description: String
    }

    private struct Document: Decodable {
        let version: String
        let kinds: [KindEntry]
    }

    public let version: String
    private let order: [AlertKind]
    private var entries: [AlertKind: KindEntry]

    /// The catalogue that ships with the product.
    ///
    /// - Parameter kinds: kinds that must have an entry, such as all that rules find.
    public static func builtIn(covering kinds: [AlertKind] = []) throws -> Catalogue {
        try Catalogue(json: Data(PackageResources.kinds_json), covering: kinds)
    }

    init(json: Data, covering kinds: [AlertKind] = []) throws {
        do {
            let document = try JSONDecoder().decode(Document.self, from: json)
            version = document.version
            order = document.kinds.map(\.kind)
            entries = Dictionary(document.kinds.map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })
        } catch {
            throw Unreadable(description: "the built-in catalogue cannot be read: \(error)")
        }
        guard entries.count == order.count else {
            throw Unreadable(description: "the built-in catalogue holds a kind twice")
        }
        let unknown = kinds.filter { entries[$0] == nil }.map(\.rawValue)
        guard unknown.isEmpty else {
            throw Unreadable(
                description:
                    "the built-in catalogue has no entry for \(unknown.joined(separator: ", ")), which a rule finds: "
                    + "add one to kinds.json")
        }
    }

    /// In the order of the file.
    public var kinds: [AlertKind] { order }

    /// Nil for an unknown kind; setting one has no effect.
    public subscript(kind: AlertKind) -> KindEntry? {
        get { entries[kind] }
        set { if let newValue, entries[kind] != nil, newValue.kind == kind { entries[kind] = newValue } }
    }
}

extension Catalogue {
    /// The same kinds with the departments of the site.
    public func routed(by routing: Routing) -> Catalogue {
        var routed = self
        for kind in kinds {
            guard let entry = self[kind] else { continue }
            for surface in Zone.Surface.allCases {
                routed[kind]?.departments.bySurface[surface.rawValue] = routing.department(for: entry, on: surface)
            }
        }
        return routed
    }

    /// The catalogue's department for a role; nil where it has none.
    public func department(role: String) -> Department? {
        for case let departments? in kinds.map({ self[$0]?.departments }) {
            let all = [departments.primary] + departments.bySurface.values + departments.assisting
            if let found = all.first(where: { $0.role == role }) { return found }
        }
        return nil
    }
}

/// A site's values for one kind of alert, where they differ from the catalogue.
///
/// Departments are configured by `Routing`.
public struct KindOverride: Sendable, Hashable {
    public let kind: AlertKind
    /// Nil keeps the catalogue's value, here and below.
    public var name: LocalizedName?
    /// All codes that are sent; none where it is empty.
    public var codes: [KindCode]?
    /// 1 is the highest.
    public var severity: Int?
    public var suggestedLimit: LocalizedName?
    /// Seconds, where a zone's rule has none.
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
    /// The same kinds with the site's values; an unknown kind is ignored.
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
