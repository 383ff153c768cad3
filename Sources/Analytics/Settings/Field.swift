/// What one key of the configuration takes. Beside each settings type stands the list of its fields: reading, writing, faults, the
/// comments of the reference file, the table in the documentation and a page's form all come from it.
public struct Field: Sendable, Hashable {
    /// A short text in both languages.
    public struct Words: Sendable, Hashable {
        public let en: String
        public let zh: String

        public init(en: String, zh: String) {
            self.en = en
            self.zh = zh
        }
    }

    public enum Form: Sendable, Hashable {
        /// A decimal number; the unit is empty where it has none.
        case number(ClosedRange<Double>, unit: String)
        case integer(ClosedRange<Int>, unit: String)
        case boolean
        case choice([String])
        /// A list of distinct choices.
        case choices([String])
        /// One line; `form` says which are valid, and is empty where any is.
        case text(form: String)
        /// A map with these keys.
        case section([Field])
        /// A list of maps with these keys.
        case sections([Field])
        /// A list or a map of a form of its own, which `form` describes.
        case other(form: String)
    }

    public let key: String
    public let form: Form
    /// The default as the file spells it; nil where there is none.
    public let standard: String?
    public let isRequired: Bool
    /// A running daemon takes a change of it over only with a restart.
    public let needsRestart: Bool
    public let what: Words

    public init(
        _ key: String, _ form: Form, default standard: String? = nil, isRequired: Bool = false,
        needsRestart: Bool = false, en: String, zh: String
    ) {
        self.key = key
        self.form = form
        self.standard = standard
        self.isRequired = isRequired
        self.needsRestart = needsRestart
        what = Words(en: en, zh: zh)
    }
}
