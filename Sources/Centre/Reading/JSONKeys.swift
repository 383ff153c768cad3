/// The keys of an object.
protocol JSONKey: RawRepresentable<String>, CaseIterable, Hashable, Sendable {
    static var optional: Set<Self> { get }
}

extension JSONKey {
    static var optional: Set<Self> { [] }
}

/// No key is read.
enum NoKey: String, JSONKey { case none = "" }

/// The keys of an object, at most 64, in the form in which they are compared.
struct JSONKeys<Key: JSONKey>: Sendable {
    let keys: [Key]
    private let names: [[UInt8]]
    /// A bit for each.
    let required: UInt64

    init() { self.init(Array(Key.allCases)) }

    private init(_ keys: [Key]) {
        self.keys = keys
        names = keys.map { Array($0.rawValue.utf8) }
        required = keys.indices.reduce(0) { Key.optional.contains(keys[$1]) ? $0 : $0 | 1 << UInt64($1) }
    }

    /// Every key is skipped.
    static var none: JSONKeys { JSONKeys([]) }

    /// - Parameter hint: where it is looked for first: our own messages have their keys in the order of the alphabet.
    func index(of name: JSONReader.Text, from hint: Int) -> Int? {
        if hint < names.count, name.equals(names[hint]) { return hint }
        return names.firstIndex(where: name.equals)
    }
}
