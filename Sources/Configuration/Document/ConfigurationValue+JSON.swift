import Domain

/// As JSON: texts, lists, objects and null. Numbers and booleans are read as the texts that they are in the file.
extension ConfigurationValue: Codable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ text: String) { stringValue = text }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// An object has no order, and its keys are written in this one; all others come after them.
    private static let order = ["id", "name", "polygon", "until", "days", "from", "to", "dwell", "windows"]

    private static func rank(_ key: String) -> (Int, String) { (order.firstIndex(of: key) ?? order.count, key) }

    public init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: Key.self) {
            let keys = object.allKeys.sorted { Self.rank($0.stringValue) < Self.rank($1.stringValue) }
            self = .map(try keys.map { Entry($0.stringValue, try object.decode(Self.self, forKey: $0)) })
        } else if var list = try? decoder.unkeyedContainer() {
            var items: [ConfigurationValue] = []
            while !list.isAtEnd { items.append(try list.decode(Self.self)) }
            self = .list(items)
        } else {
            let single = try decoder.singleValueContainer()
            if single.decodeNil() {
                self = .empty
            } else if let text = try? single.decode(String.self) {
                self = .text(text)
            } else if let isTrue = try? single.decode(Bool.self) {
                self = .text(isTrue ? "true" : "false")
            } else {
                self = .text(Field.spelled(try single.decode(Double.self)))
            }
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .empty:
            var container = encoder.singleValueContainer()
            try container.encodeNil()
        case .text(let text):
            var container = encoder.singleValueContainer()
            try container.encode(text)
        case .list(let items):
            var container = encoder.unkeyedContainer()
            for item in items { try container.encode(item) }
        case .map(let entries):
            var container = encoder.container(keyedBy: Key.self)
            for entry in entries { try container.encode(entry.value, forKey: Key(entry.key)) }
        }
    }
}
