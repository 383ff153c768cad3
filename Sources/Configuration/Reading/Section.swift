import Yams

/// One map of the file with known keys: reports unknown, missing and wrongly typed ones.
struct Section<Key: RawRepresentable & Hashable> where Key.RawValue == String {
    /// Its name in faults, e.g. `camera cam-01`.
    let place: String
    /// The position of faults about missing keys.
    let position: Position
    let log: FaultLog
    private var entries: [Key: (position: Position, value: Node)] = [:]

    /// Nil where `node` is no map.
    ///
    /// - Parameter keys: the permitted ones.
    init?(_ node: Node, keys: [Key], place: String, noun: String = "key", at position: Position, _ log: FaultLog) {
        let names = keys.map(\.rawValue)
        self.place = place
        self.position = position
        self.log = log
        guard case .mapping(let mapping) = node else {
            log.report("\(place) must be a map with these \(noun)s: \(Wording.list(names))", at: Position(node))
            return nil
        }
        for (name, value) in mapping {
            guard let text = name.scalar?.string, let key = Key(rawValue: text), keys.contains(key) else {
                log.report(Self.unknown(name.scalar?.string ?? "", noun, names, place), at: Position(name))
                continue
            }
            entries[key] = (Position(name), value)
        }
    }

    private static func unknown(_ text: String, _ noun: String, _ names: [String], _ place: String) -> String {
        let guess = Wording.nearest(to: text, among: names).map { "did you mean \($0)? " } ?? ""
        return "\(place): there is no \(noun) \(Wording.quoted(text)): \(guess)The \(noun)s are \(Wording.list(names))"
    }

    var isEmpty: Bool { entries.isEmpty }

    /// Nil where the key is missing.
    func position(of key: Key) -> Position? { entries[key]?.position }

    /// Nil where the key is missing or its value is empty.
    func node(_ key: Key) -> Node? {
        guard let node = entries[key]?.value else { return nil }
        guard let scalar = node.scalar, scalar.style == .plain else { return node }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string) ? nil : node
    }

    /// Reports `message` at the value of `key`, or at the key or the section where there is none.
    func report(_ message: String, _ key: Key) {
        let place = node(key).map { Position($0) } ?? entries[key]?.position ?? position
        log.report("\(self.place): \(message)", at: place)
    }

    func reportMissing(_ key: Key, example: String) {
        let (name, place) = (key.rawValue, entries[key]?.position ?? position)
        log.report("\(self.place): \(name) is missing: add it, e.g. \(name): \(example)", at: place)
    }

    func section<Inner: CaseIterable>(_ key: Key, place: String? = nil) -> Section<Inner>? {
        guard let value = node(key) else { return nil }
        return Section<Inner>(
            value, place: place ?? key.rawValue, at: entries[key]?.position ?? position, log)
    }

    /// The items of a list; nil where the key is missing or is not a list.
    func list(_ key: Key, of what: String) -> [Node]? {
        guard let value = node(key) else { return nil }
        guard let sequence = value.sequence else {
            report("\(key.rawValue) must be a list of \(what)", key)
            return nil
        }
        return Array(sequence)
    }
}

extension Section where Key: CaseIterable {
    /// Nil where `node` is no map.
    init?(_ node: Node, place: String, noun: String = "key", at position: Position, _ log: FaultLog) {
        self.init(node, keys: Array(Key.allCases), place: place, noun: noun, at: position, log)
    }
}
