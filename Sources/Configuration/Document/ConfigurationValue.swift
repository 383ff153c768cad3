import Yams

/// The content of a part of the configuration, independent of its notation.
public enum ConfigurationValue: Sendable, Hashable {
    public struct Entry: Sendable, Hashable {
        public var key: String
        public var value: ConfigurationValue

        public init(_ key: String, _ value: ConfigurationValue) { (self.key, self.value) = (key, value) }
    }

    /// Nothing, `~` or `null`: equivalent to a missing key.
    case empty
    case text(String)
    indirect case list([ConfigurationValue])
    /// In the order of the file; keys are unique.
    indirect case map([Entry])

    /// Parses one YAML value, e.g. `[car, bus]`.
    public init(yaml text: String) throws(ConfigurationEditFault) {
        let isBlank = text.allSatisfy(\.isWhitespace)
        let log = FaultLog(file: "the value")
        guard !isBlank else {
            self = .empty
            return
        }
        guard let node = SourceText.compose(text, log) else {
            throw ConfigurationEditFault(.malformed, "\(log.faults)")
        }
        self.init(node)
    }

    init(_ node: Node) {
        switch node {
        case .scalar(let scalar):
            let isEmpty = scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
            self = isEmpty ? .empty : .text(scalar.string)
        case .sequence(let sequence): self = .list(sequence.map(ConfigurationValue.init))
        case .mapping(let mapping):
            self = .map(mapping.map { Entry($0.key.scalar?.string ?? "", ConfigurationValue($0.value)) })
        // Refused where the text is read.
        case .alias: self = .empty
        }
    }

    public subscript(_ key: String) -> ConfigurationValue? {
        guard case .map(let entries) = self else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// As YAML, without a line feed at its end.
    public var yaml: String {
        switch self {
        case .empty: "null"
        case .text(let text): YAMLText.scalar(text)
        case .list(let items) where YAMLText.isBlock(self):
            items.flatMap { YAMLText.item($0, indent: 0) }.joined(separator: "\n")
        case .map(let entries) where !entries.isEmpty:
            entries.flatMap { YAMLText.entry($0.key, $0.value, indent: 0, unit: 2) }.joined(separator: "\n")
        case .list, .map: YAMLText.flow(self)
        }
    }
}

/// A step to an existing or a new value.
enum ValueStep: Sendable, Hashable {
    case key(String)
    /// From 0.
    case index(Int)
}

/// The semantics of each edit, with which the parsed result is compared.
extension ConfigurationValue {
    func setting(_ value: ConfigurationValue, at steps: ArraySlice<ValueStep>) -> ConfigurationValue {
        changing(at: steps) { _ in value }
    }

    func adding(_ value: ConfigurationValue, at steps: ArraySlice<ValueStep>) -> ConfigurationValue {
        changing(at: steps) { old in
            if case .list(let items)? = old { return .list(items + [value]) }
            return .list([value])
        }
    }

    func removing(at steps: ArraySlice<ValueStep>) -> ConfigurationValue {
        guard let last = steps.last else { return self }
        return changing(at: steps.dropLast()) { old in
            switch (old, last) {
            case (.map(let entries)?, .key(let key)): return .map(entries.filter { $0.key != key })
            case (.list(var items)?, .index(let index)):
                items.remove(at: index)
                return .list(items)
            default: return old ?? .empty
            }
        }
    }

    private func changing(
        at steps: ArraySlice<ValueStep>, _ change: (ConfigurationValue?) -> ConfigurationValue
    ) -> ConfigurationValue {
        guard let step = steps.first else { return change(self) }
        let rest = steps.dropFirst()
        func made(_ old: ConfigurationValue?) -> ConfigurationValue {
            if let old { return old.changing(at: rest, change) }
            return rest.isEmpty ? change(nil) : ConfigurationValue.map([]).changing(at: rest, change)
        }
        switch (self, step) {
        case (.map(var entries), .key(let key)):
            if let index = entries.firstIndex(where: { $0.key == key }) {
                entries[index].value = made(entries[index].value)
            } else {
                entries.append(Entry(key, made(nil)))
            }
            return .map(entries)
        case (.list(var items), .index(let index)):
            items[index] = made(items[index])
            return .list(items)
        case (.empty, .key(let key)): return .map([Entry(key, made(nil))])
        default: return self
        }
    }
}
