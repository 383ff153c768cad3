import Analytics
public import Domain

/// Fields as text, for the reference file and the documentation.
extension Field {
    /// The form of the value, e.g. `5…3600 seconds`; empty where there is nothing to say.
    public var takes: String {
        switch form {
        case .number(let range, let unit):
            Self.span(Wording.number(range.lowerBound), Wording.number(range.upperBound), unit)
        case .integer(let range, let unit): Self.span("\(range.lowerBound)", "\(range.upperBound)", unit)
        case .choice(let names), .choices(let names): names.joined(separator: " | ")
        case .text(let form), .other(let form): form
        case .windows: "a list of {days: [mon, …], from: HH:MM, to: HH:MM}"
        case .date: "YYYY-MM-DD"
        case .dates: "a list of YYYY-MM-DD"
        case .timeZone: "an IANA name"
        case .polygon: "a list of corners [x, y]"
        case .boolean, .section, .sections: ""
        }
    }

    private static func span(_ least: String, _ most: String, _ unit: String) -> String {
        "\(least)…\(most)" + (unit.isEmpty ? "" : " \(unit)")
    }

    /// The comment above the key in the reference file, without indentation.
    ///
    /// - Parameter width: longest line in characters.
    public func comment(width: Int) -> [String] {
        var parts = isRequired ? ["Required."] : []
        if !takes.isEmpty {
            let isName: Bool
            if case .choice = form { isName = true } else { isName = false }
            parts.append((isName ? takes : takes.prefix(1).uppercased() + takes.dropFirst()) + ".")
        }
        parts.append(what.en + ".")
        if let standard, standard.hasPrefix("<") { parts.append("Default: \(standard).") }
        parts.append(what.zh + "。")
        if needsRestart { parts.append("(R)") }
        var lines = ["#"]
        for word in parts.joined(separator: " ").split(separator: " ") {
            if lines[lines.count - 1].count + 1 + word.count > width, lines[lines.count - 1] != "#" {
                lines.append("#")
            }
            lines[lines.count - 1] += " " + word
        }
        return lines
    }

    /// The key's row of a table in Markdown: key, default, form, description, whether it needs a restart.
    public var row: String {
        let name = isRequired ? "**`\(key)`**" : "`\(key)`"
        let standard = standard.map { "`\($0)`" } ?? ""
        return
            "| \(name) | \(standard) | \(Self.plain(takes)) | \(Self.plain(what.en)) | \(needsRestart ? "yes" : "") |"
    }

    /// Without characters that have a meaning in Markdown.
    private static func plain(_ text: String) -> String {
        ["|", "*", "<"].reduce(text) { $0.replacing($1, with: "\\" + $1) }
    }

    /// The head of the table.
    public static let head = ["| key | default | takes | what | restart |", "|---|---|---|---|---|"]
}

/// The keys of one map of the file, each with a field.
protocol FieldKey: RawRepresentable, CaseIterable, Hashable where RawValue == String {
    /// In the order of the reference; one for each key.
    static var fields: [Field] { get }
}

/// Values whose range is defined by the key's field.
extension Section where Key: FieldKey {
    private func form(_ key: Key) -> Field.Form? { Key.fields.first { $0.key == key.rawValue }?.form }

    func number(_ key: Key) -> Double? {
        guard case .number(let range, let unit)? = form(key) else { return nil }
        return number(key, range, unit)
    }

    func integer(_ key: Key) -> Int? {
        guard case .integer(let range, let unit)? = form(key) else { return nil }
        return integer(key, range, unit)
    }
}

extension Field {
    /// - Parameter key: of the reader.
    init<Key: FieldKey>(
        _ key: Key, _ form: Form, default standard: String? = nil, isRequired: Bool = false, needsRestart: Bool = false,
        en: String, zh: String
    ) {
        self.init(
            key.rawValue, form, default: standard, isRequired: isRequired, needsRestart: needsRestart, en: en, zh: zh)
    }
}

extension Field.Form {
    static func choice<Choice: RawRepresentable & CaseIterable>(_ type: Choice.Type) -> Field.Form
    where Choice.RawValue == String {
        .choice(type.allCases.map(\.rawValue))
    }

    /// Any one line.
    static var text: Field.Form { .text(form: "") }
    static var identifier: Field.Form { .text(form: "1 to 64 lower-case letters, digits and hyphens") }
    static var code: Field.Form { .text(form: "1 to 32 letters, digits and hyphens") }
    static var path: Field.Form { .text(form: "the path of a file") }
}

/// The rules of a zone: the single place where their fields are included.
enum RuleFields {
    static let all: [Field] = Rules.all.flatMap { rule in
        rule.kinds.map { kind in
            Field(kind.rawValue, .section(rule.fields(of: kind)), en: "A rule, with its settings or nothing", zh: "规则")
        }
    }
}
