public import Domain
public import Foundation

/// How a zone is watched for suspected vending.
public struct VendingSettings: TimedRuleSettings {
    /// A place where selling is allowed until a date.
    public struct Permit: Sendable, Hashable {
        public var name: String
        public var polygon: Polygon
        /// The permit's last moment; nil for one without an end.
        public var until: Date?
        /// The hours it covers.
        public var windows: TimeWindows

        public init(name: String, polygon: Polygon, until: Date? = nil, windows: TimeWindows = .always) {
            self.name = name
            self.polygon = polygon
            self.until = until
            self.windows = windows
        }

        func covers(_ box: Box, at date: Date) -> Bool {
            if let until, date > until { return false }
            return polygon.share(of: box.footprint) >= 0.5 && windows.contains(date)
        }
    }

    /// Seconds that selling is tolerated.
    public var dwell: Double
    /// When selling is forbidden; market hours are left out.
    public var windows: TimeWindows
    public var permits: [Permit]

    public init(dwell: Double = 300, windows: TimeWindows = .always, permits: [Permit] = []) {
        self.dwell = dwell
        self.windows = windows
        self.permits = permits
    }

    public func notes(at date: Date) -> [String] {
        permits.filter { $0.until.map { $0 < date } ?? false }.map { "the permit \($0.name) has run out" }
    }
}

extension RuleField<VendingSettings> {
    static var permits: Self {
        RuleField(
            Field(
                "permits", .sections(VendingSettings.Permit.fields), noun: "permit",
                en: "places where selling is allowed",
                zh: "许可摊位")
        ) { _ in
            "[]"
        } enter: {
            guard case .sections(let sections) = $0 else { return }
            let timeZone = $1.windows.timeZone
            $1.permits = sections.map { VendingSettings.Permit($0, timeZone: timeZone) }
        }
    }
}

extension VendingSettings.Permit {
    static let fields = [
        Field("name", .text(form: ""), isRequired: true, example: "breakfast stall no. 3", en: "for people", zh: "名称"),
        Field(
            "polygon", .polygon, isRequired: true, example: Field.examplePolygon,
            en: "who stands at least half inside may sell",
            zh: "许可范围"),
        Field("until", .date, en: "the last day of the permit", zh: "许可截止日期"),
        Field("windows", .windows, default: "[]", noun: "window", en: "the hours, in the rule's time zone", zh: "许可时段"),
    ]

    /// - Parameter timeZone: of the rule.
    fileprivate init(_ values: [String: FieldValue], timeZone: TimeZone) {
        self.init(name: "", polygon: Polygon([]), windows: TimeWindows(windows: [], timeZone: timeZone))
        if case .text(let name) = values["name"] { self.name = name }
        if case .polygon(let polygon) = values["polygon"] { self.polygon = polygon }
        if case .date(let day) = values["until"] { until = Self.end(of: day, in: timeZone) }
        if case .windows(let windows) = values["windows"] { self.windows.windows = windows }
    }

    /// The last millisecond of a day.
    private static func end(of day: TimeWindows.Day, in timeZone: TimeZone) -> Date? {
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = timeZone
        // The next day rather than 24 hours: the day on which summer time begins has 23.
        let next = DateComponents(year: day.year, month: day.month, day: day.day + 1)
        return calendar.date(from: next)?.addingTimeInterval(-0.001)
    }
}
