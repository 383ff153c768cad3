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
    /// - Parameter kinds: those that must have an entry, such as all that a rule finds.
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

    /// Nil for a kind that the catalogue does not know; setting such a kind changes nothing.
    public subscript(kind: AlertKind) -> KindEntry? {
        get { entries[kind] }
        set { if let newValue, entries[kind] != nil, newValue.kind == kind { entries[kind] = newValue } }
    }
}
