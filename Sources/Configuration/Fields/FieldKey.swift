import Domain

/// The keys of one map of the file, each of which a field describes.
protocol FieldKey: RawRepresentable, CaseIterable, Hashable where RawValue == String {
    /// In the order of the reference; one for each key.
    static var fields: [Field] { get }
}

/// Values whose range the key's field knows.
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
    /// - Parameter key: as the reader knows it.
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
