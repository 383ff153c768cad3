/// Where a value stands in the configuration: steps from the top down, e.g.
/// `cameras.cam-01.zones.np1.rules.parking.motor.dwell`.
///
///     path     = step *( "." step / bracket )
///     step     = 1*( any character but . [ ] " ' ) / quoted
///     bracket  = "[" ( position / 1*( any character but [ ] " ' ) / quoted ) "]"
///     position = 1*DIGIT        ; from 1, as faults count
///     quoted   = "…" / '…'      ; as it stands, without escapes
///
/// A step names a key of a map, or the item of a list that has it as its `id`. Names of kinds hold a dot: where a map has, or
/// may have, a key of several bare steps, they are read as that key. Quoted and bracketed steps are never joined.
public struct ConfigurationPath: Sendable, Hashable {
    enum Step: Sendable, Hashable {
        /// May be joined with its neighbours.
        case bare(String)
        case exact(String)
        /// From 1.
        case position(Int)
    }

    let steps: [Step]
    /// The original spelling.
    public let text: String

    /// Throws `ConfigurationEditFault` where `text` is not a path.
    public init(_ text: String) throws(ConfigurationEditFault) {
        var steps: [Step] = []
        var rest = Substring(text)
        var isFirst = true
        while isFirst || !rest.isEmpty {
            if rest.first == "[", !isFirst {
                rest = rest.dropFirst()
                if let (name, after) = try Self.quoted(rest, of: text) {
                    steps.append(.exact(name))
                    rest = after
                } else {
                    let name = rest.prefix { !"[]\"'".contains($0) }
                    guard !name.isEmpty else { throw Self.malformed(text) }
                    let isPosition = name.utf8.allSatisfy { (0x30...0x39).contains($0) }
                    guard !isPosition || Int(name) != nil else { throw Self.malformed(text) }
                    steps.append(isPosition ? .position(Int(name) ?? 0) : .exact(String(name)))
                    rest = rest.dropFirst(name.count)
                }
                guard rest.first == "]" else { throw Self.malformed(text) }
                rest = rest.dropFirst()
            } else {
                if !isFirst {
                    guard rest.first == "." else { throw Self.malformed(text) }
                    rest = rest.dropFirst()
                }
                if let (name, after) = try Self.quoted(rest, of: text) {
                    steps.append(.exact(name))
                    rest = after
                } else {
                    let name = rest.prefix { !".[]\"'".contains($0) }
                    guard !name.isEmpty else { throw Self.malformed(text) }
                    steps.append(.bare(String(name)))
                    rest = rest.dropFirst(name.count)
                }
            }
            isFirst = false
        }
        self.steps = steps
        self.text = text
    }

    /// Nil where none begins here.
    private static func quoted(
        _ rest: Substring, of text: String
    ) throws(ConfigurationEditFault) -> (name: String, after: Substring)? {
        guard let mark = rest.first, mark == "\"" || mark == "'" else { return nil }
        let inner = rest.dropFirst()
        guard let end = inner.firstIndex(of: mark), end != inner.startIndex else { throw malformed(text) }
        return (String(inner[..<end]), inner[inner.index(after: end)...])
    }

    private static func malformed(_ text: String) -> ConfigurationEditFault {
        ConfigurationEditFault(
            .malformed,
            "\(Wording.quoted(text)) is no path: write steps with a dot between them, e.g. broker.host, or in brackets, e.g. "
                + "cameras[cam-01].zones[1]")
    }
}
