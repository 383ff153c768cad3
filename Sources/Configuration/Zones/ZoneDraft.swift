public import Domain

/// A zone as an editor has it: what the file says of it, whatever its notation. Its JSON has the keys of the file.
public struct ZoneDraft: Sendable, Hashable, Codable {
    public var id: String
    /// Nil where the file has none, here and below.
    public var name: String?
    public var surface: String?
    public var preset: String?
    public var promise: ConfigurationValue?
    /// Corners x and y, in shares of the picture.
    public var polygon: [[Double]]
    /// By kind: its keys, a map or empty.
    public var rules: [String: ConfigurationValue]

    public init(
        id: String, name: String? = nil, surface: String? = nil, preset: String? = nil,
        promise: ConfigurationValue? = nil, polygon: [[Double]], rules: [String: ConfigurationValue]
    ) {
        (self.id, self.name, self.surface, self.preset) = (id, name, surface, preset)
        (self.promise, self.polygon, self.rules) = (promise, polygon, rules)
    }

    /// As the file has it. Throws where its polygon or its rules cannot be read.
    init(_ value: ConfigurationValue, at number: Int) throws(ConfigurationEditFault) {
        func text(_ key: String) -> String? { if case .text(let text)? = value[key] { text } else { nil } }
        id = text("id") ?? ""
        (name, surface, preset) = (text("name"), text("surface"), text("preset"))
        promise = value["promise"].flatMap { $0 == .empty ? nil : $0 }
        guard let polygon = Self.corners(value["polygon"]) else { throw Self.unread(number, "polygon") }
        self.polygon = polygon
        switch value["rules"] {
        case .map(let entries)?: rules = Dictionary(entries.map { ($0.key, $0.value) }) { first, _ in first }
        case .empty?, nil: rules = [:]
        default: throw Self.unread(number, "rules")
        }
    }

    private static func unread(_ number: Int, _ key: String) -> ConfigurationEditFault {
        ConfigurationEditFault(
            .malformed,
            "the \(key) of zone no. \(number) cannot be read: run gridwarden check, and mend the file by hand")
    }

    private static func corners(_ value: ConfigurationValue?) -> [[Double]]? {
        guard case .list(let items)? = value else { return value == nil || value == .empty ? [] : nil }
        let corners = items.compactMap { item -> [Double]? in
            guard case .list(let pair) = item else { return nil }
            let numbers = pair.compactMap { part -> Double? in
                if case .text(let text) = part { Form.number(text) } else { nil }
            }
            return numbers.count == 2 && pair.count == 2 ? numbers : nil
        }
        return corners.count == items.count ? corners : nil
    }

    /// Nil where a corner has not two numbers.
    public var outline: Polygon? {
        guard polygon.allSatisfy({ $0.count == 2 }) else { return nil }
        return Polygon(polygon.map { Point(x: $0[0], y: $0[1]) })
    }

    /// A new zone as it is written.
    var value: ConfigurationValue {
        var entries = [ConfigurationValue.Entry("id", .text(id))]
        for (key, text) in [("name", name), ("surface", surface)] where text != nil {
            entries.append(.init(key, .text(text ?? "")))
        }
        if let promise { entries.append(.init("promise", promise)) }
        if let preset { entries.append(.init("preset", .text(preset))) }
        entries.append(.init("polygon", .list(polygon.map(Self.corner))))
        let kinds = rules.sorted { Self.rank($0.key) < Self.rank($1.key) }
        entries.append(.init("rules", .map(kinds.map { .init($0.key, Self.rule($0.value)) })))
        return .map(entries)
    }

    static func corner(_ corner: [Double]) -> ConfigurationValue {
        .list(corner.map { .text(Field.spelled($0)) })
    }

    /// Nothing rather than a map without keys, as people write it.
    static func rule(_ value: ConfigurationValue) -> ConfigurationValue { value == .map([]) ? .empty : value }
}
