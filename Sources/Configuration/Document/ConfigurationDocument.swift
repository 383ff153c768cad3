import Domain
import Yams

/// The text of a configuration, which can be edited in place: everything else remains byte for byte, with its comments,
/// blank lines, quotes, indentation and line ends.
///
/// After each edit the text is parsed again, and must have the intended meaning: otherwise the edit is refused.
public struct ConfigurationDocument: Sendable {
    public private(set) var text: String
    /// The name of the file.
    public let file: String
    /// Its parsed content.
    public private(set) var value: ConfigurationValue
    /// Keys that contain a dot.
    private let dotted: Set<String>

    /// Parses the text; it need not be a valid configuration, but YAML with a map at its top.
    public init(text: String, file: String) throws(ConfigurationFaults) {
        let log = FaultLog(file: file)
        guard let node = SourceText.compose(text, log) else { throw log.faults }
        guard node.mapping != nil else {
            log.report("the file must be a map with the keys site, broker, cameras, …", at: Position(node))
            throw log.faults
        }
        self.text = text
        self.file = file
        value = ConfigurationValue(node)
        dotted = Set(((try? Catalogue.builtIn().kinds) ?? []).map(\.rawValue).filter { $0.contains(".") })
    }

    /// The value at `path`; throws where there is none.
    public func value(at path: ConfigurationPath) throws(ConfigurationEditFault) -> ConfigurationValue {
        let (found, rest) = try resolve(path)
        guard rest.isEmpty else { throw Self.nothing(at: path) }
        return found.reduce(value) { value, step in
            switch (value, step) {
            case (.map, .key(let key)): value[key] ?? .empty
            case (.list(let items), .index(let index)): items[index]
            default: .empty
            }
        }
    }

    /// The keys of `path`, without the items of lists, each in full: identifies the field descriptor.
    public func keys(of path: ConfigurationPath) throws(ConfigurationEditFault) -> [String] {
        let (found, rest) = try resolve(path)
        return found.compactMap { if case .key(let key) = $0 { key } else { nil } } + rest
    }

    /// Sets the value at `path`. Missing keys are created, at the end of their section; missing items of lists are not.
    public mutating func set(
        _ path: ConfigurationPath, to value: ConfigurationValue
    ) throws(ConfigurationEditFault) {
        let (found, rest) = try resolve(path)
        let steps = found + rest.map(ValueStep.key)
        try edit(to: self.value.setting(value, at: steps[...])) { editor throws(ConfigurationEditFault) in
            try editor.set(found, rest, value)
        }
    }

    /// Adds an item to the end of the list at `path`, which is created where it is missing.
    public mutating func add(
        _ value: ConfigurationValue, to path: ConfigurationPath
    ) throws(ConfigurationEditFault) {
        let (found, rest) = try resolve(path)
        let steps = found + rest.map(ValueStep.key)
        try edit(to: self.value.adding(value, at: steps[...])) { editor throws(ConfigurationEditFault) in
            try editor.add(found, rest, value)
        }
    }

    /// Removes a key or an item, with its lines. Comments above it remain. A section without keys is left empty, as
    /// `{}`.
    public mutating func remove(_ path: ConfigurationPath) throws(ConfigurationEditFault) {
        let (found, rest) = try resolve(path)
        guard rest.isEmpty else { throw Self.nothing(at: path) }
        try edit(to: value.removing(at: found[...])) { editor throws(ConfigurationEditFault) in
            try editor.remove(found)
        }
    }

    private mutating func edit(
        to meant: ConfigurationValue, _ body: (inout TextEditor) throws(ConfigurationEditFault) -> Void
    ) throws(ConfigurationEditFault) {
        guard let node = SourceText.compose(text, FaultLog(file: file)), let layout = try? SourceLayout(text, node)
        else {
            throw Self.unsupported
        }
        var editor = TextEditor(layout)
        try body(&editor)
        let edited = editor.text
        let log = FaultLog(file: file)
        guard let read = SourceText.compose(edited, log) else {
            // The new value may be too large, or contain something invalid in any file.
            let isReadable = log.faults.faults.contains {
                $0.message.contains("control character") || $0.message.contains("1 MiB")
            }
            throw isReadable ? ConfigurationEditFault(.malformed, "\(log.faults)") : Self.unsupported
        }
        guard ConfigurationValue(read) == meant else { throw Self.unsupported }
        text = edited
        value = meant
    }

    private static func nothing(at path: ConfigurationPath) -> ConfigurationEditFault {
        ConfigurationEditFault(.missing, "there is nothing at \(path.text) in the file")
    }

    private static let unsupported = ConfigurationEditFault(
        .unsupported, "the file is written in a way that cannot be edited here without changing more: edit it by hand")

    /// The steps to the existing part, and the keys of the missing one.
    private func resolve(
        _ path: ConfigurationPath
    ) throws(ConfigurationEditFault) -> (found: [ValueStep], rest: [String]) {
        var found: [ValueStep] = []
        var rest: [String] = []
        var here: ConfigurationValue? = value
        var steps = path.steps[...]
        while let step = steps.first {
            switch here {
            case .list(let items)?:
                let index = try Self.index(of: step, in: items, path)
                found.append(.index(index))
                here = items[index]
                steps = steps.dropFirst()
            case .text?:
                throw ConfigurationEditFault(
                    .missing, "\(path.text) goes on below a text: name the text itself, or another key")
            case .map?, .empty?, nil:
                let (key, count) = try Self.key(at: steps, in: here, dotted, path)
                steps = steps.dropFirst(count)
                if let next = here?[key] {
                    found.append(.key(key))
                    here = next
                } else {
                    rest.append(key)
                    here = nil
                }
            }
        }
        return (found, rest)
    }

    private static func key(
        at steps: ArraySlice<ConfigurationPath.Step>, in map: ConfigurationValue?, _ dotted: Set<String>,
        _ path: ConfigurationPath
    ) throws(ConfigurationEditFault) -> (key: String, steps: Int) {
        var names: [String] = []
        for step in steps {
            guard case .bare(let name) = step else { break }
            names.append(name)
        }
        switch steps.first {
        case .exact(let name)?: return (name, 1)
        case .position(let number)?:
            // A map may have a key of digits.
            if map?["\(number)"] != nil { return ("\(number)", 1) }
            throw ConfigurationEditFault(.missing, "\(path.text) counts the items of what is no list in the file")
        default: break
        }
        for count in stride(from: names.count, to: 1, by: -1) {
            let name = names.prefix(count).joined(separator: ".")
            if map?[name] != nil || dotted.contains(name) { return (name, count) }
        }
        return (names.first ?? "", 1)
    }

    private static func index(
        of step: ConfigurationPath.Step, in items: [ConfigurationValue], _ path: ConfigurationPath
    ) throws(ConfigurationEditFault) -> Int {
        let name: String
        switch step {
        case .position(let number):
            guard items.indices.contains(number - 1) else {
                throw ConfigurationEditFault(
                    .missing, "\(path.text) names item no. \(number) of a list that has \(items.count)")
            }
            return number - 1
        case .bare(let text), .exact(let text): name = text
        }
        let matches = items.indices.filter { items[$0]["id"] == .text(name) }
        guard let index = matches.first else {
            let ids = items.compactMap { item -> String? in
                if case .text(let id)? = item["id"] { id } else { nil }
            }
            let hint =
                ids.isEmpty ? "name an item by its number, e.g. [1]" : "the ids are \(Wording.list(ids))"
            throw ConfigurationEditFault(
                .missing, "\(path.text): the list has no item with the id \(Wording.quoted(name)): \(hint)")
        }
        guard matches.count == 1 else {
            throw ConfigurationEditFault(
                .missing,
                "\(path.text): several items have the id \(Wording.quoted(name)): name one by its number, e.g. "
                    + "[\(index + 1)]")
        }
        return index
    }
}

/// Why a configuration could not be edited, and the remedy. Contains no credentials.
public struct ConfigurationEditFault: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Reason: Sendable, Hashable {
        /// The path or the value is invalid.
        case malformed
        /// There is nothing at the path.
        case missing
        /// The file uses a style of YAML that cannot be edited here.
        case unsupported
    }

    public let reason: Reason
    public let description: String

    init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
