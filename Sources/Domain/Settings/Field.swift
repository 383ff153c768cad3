public import Foundation

/// The description of one configuration key. Each settings type has a list of its fields beside it: reading, writing,
/// faults, the comments of the reference file, the table in the documentation and a page's form are all derived from
/// it.
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
        /// One line; `form` describes the valid ones, and is empty where any is valid.
        case text(form: String)
        /// A map with these keys.
        case section([Field])
        /// A list of maps with these keys.
        case sections([Field])
        /// A list of maps of weekdays and hours: `TimeWindows.Window`.
        case windows
        /// `YYYY-MM-DD`, and a list of such.
        case date, dates
        /// The IANA name of a time zone.
        case timeZone
        /// Corners `[x, y]` in shares of the picture.
        case polygon
        /// A list or a map in a special form, which `form` describes.
        case other(form: String)
    }

    public let key: String
    public let form: Form
    /// The default as the file spells it; nil where there is none.
    public let standard: String?
    /// A value as the file spells it, for faults about a missing key.
    public let example: String?
    /// The name of a list item in faults, e.g. `vehicle class`; nil for the key.
    public let noun: String?
    public let isRequired: Bool
    /// A change takes effect only after a restart.
    public let needsRestart: Bool
    public let what: Words

    public init(
        _ key: String, _ form: Form, default standard: String? = nil, isRequired: Bool = false,
        needsRestart: Bool = false, example: String? = nil, noun: String? = nil, en: String, zh: String
    ) {
        self.key = key
        self.form = form
        self.standard = standard
        self.example = example
        self.noun = noun
        self.isRequired = isRequired
        self.needsRestart = needsRestart
        what = Words(en: en, zh: zh)
    }

    /// The same with another default.
    public func defaulting(to standard: String?) -> Field {
        Field(
            key, form, default: standard, isRequired: isRequired, needsRestart: needsRestart, example: example,
            noun: noun, en: what.en, zh: what.zh)
    }

    public static let examplePolygon = "[[0.1, 0.5], [0.9, 0.5], [0.9, 0.9]]"

    /// A number as the file spells it: without `.0` on whole ones.
    public static func spelled(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e9 ? String(Int(value)) : String(value)
    }
}

/// The value of one field, in the field's form.
public enum FieldValue: Sendable, Hashable {
    case number(Double)
    case integer(Int)
    case boolean(Bool)
    /// A text, or one choice.
    case text(String)
    case choices([String])
    case windows([TimeWindows.Window])
    case date(TimeWindows.Day)
    case dates(Set<TimeWindows.Day>)
    case timeZone(TimeZone)
    case polygon(Polygon)
    case section([String: FieldValue])
    case sections([[String: FieldValue]])
}
