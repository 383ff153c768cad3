public import Domain
public import Foundation

/// How one zone is watched for one kind of alert. A new instance has the defaults, except for the dwell, which is
/// defined by the catalogue.
public protocol RuleSettings: Sendable, Hashable {
    /// Seconds that are tolerated.
    var dwell: Double { get set }

    /// Faults of the settings as a whole, where each value by itself is valid.
    var faults: [RuleFault] { get }

    /// What an operator should know about them at a given time, e.g. that a permit has expired.
    func notes(at date: Date) -> [String]
}

extension RuleSettings {
    public var faults: [RuleFault] { [] }
    public func notes(at date: Date) -> [String] { [] }
}

/// A rule that applies at some hours only.
public protocol TimedRuleSettings: RuleSettings {
    var windows: TimeWindows { get set }
}

/// A fault of a rule's settings, at one of its keys.
public struct RuleFault: Sendable, Hashable {
    public let key: String
    public let message: String

    public init(_ key: String, _ message: String) {
        self.key = key
        self.message = message
    }
}

/// One key of a rule: its form, and where its value goes in the rule's settings.
public struct RuleField<Settings: RuleSettings>: Sendable {
    private let field: Field
    /// Enters a value of the field's form into the settings; fields are entered in the order of their list.
    let enter: @Sendable (FieldValue, inout Settings) -> Void
    /// The value as the file spells it; nil where it depends on the rest of the file.
    private let spelled: @Sendable (Settings) -> String?

    init(
        _ field: Field, spelled: @escaping @Sendable (Settings) -> String?,
        enter: @escaping @Sendable (FieldValue, inout Settings) -> Void
    ) {
        self.field = field
        self.spelled = spelled
        self.enter = enter
    }

    var key: String { field.key }

    /// The field with these settings as its default.
    func field(_ standard: Settings) -> Field { field.defaulting(to: spelled(standard)) }
}

extension RuleField {
    static func number(
        _ key: String, _ range: ClosedRange<Double>, unit: String = "",
        _ path: any WritableKeyPath<Settings, Double> & Sendable, en: String, zh: String
    ) -> RuleField {
        RuleField(Field(key, .number(range, unit: unit), en: en, zh: zh)) {
            Field.spelled($0[keyPath: path])
        } enter: {
            if case .number(let value) = $0 { $1[keyPath: path] = value }
        }
    }

    static func integer(
        _ key: String, _ range: ClosedRange<Int>, unit: String = "",
        _ path: any WritableKeyPath<Settings, Int> & Sendable, en: String, zh: String
    ) -> RuleField {
        RuleField(Field(key, .integer(range, unit: unit), en: en, zh: zh)) {
            String($0[keyPath: path])
        } enter: {
            if case .integer(let value) = $0 { $1[keyPath: path] = value }
        }
    }

    /// Common to all rules. Its default is defined by the catalogue.
    static var dwell: RuleField {
        .number("dwell", 1...86400, unit: "seconds", \.dwell, en: "what is tolerated", zh: "允许持续时长")
    }
}

/// The hours of a rule. Without them it always applies.
extension RuleField where Settings: TimedRuleSettings {
    static var windows: RuleField {
        RuleField(
            Field("windows", .windows, noun: "window", en: "when the rule holds; [] is always", zh: "规则生效时段，留空为全天")
        ) { _ in
            "[]"
        } enter: {
            if case .windows(let windows) = $0 { $1.windows.windows = windows }
        }
    }

    static var timeZone: RuleField {
        RuleField(Field("time_zone", .timeZone, en: "IANA name; the site's by default", zh: "时区，缺省同站点")) { _ in
            nil
        } enter: {
            if case .timeZone(let zone) = $0 { $1.windows.timeZone = zone }
        }
    }

    static var holidays: RuleField {
        RuleField(
            Field("holidays", .dates, noun: "date", en: "local dates on which the rule rests", zh: "规则不生效的日期")
        ) { _ in
            "[]"
        } enter: {
            if case .dates(let days) = $0 { $1.windows.holidays = days }
        }
    }
}
