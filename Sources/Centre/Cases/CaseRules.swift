package import Domain
package import Foundation

/// What a centre has decided about its cases; from its configuration.
package struct CaseRules: Sendable {
    /// How long each stage of a kind may take.
    package struct Limits: Sendable, Hashable {
        /// Of found, and of accepted until it is sent on.
        package var accept: TimeLimit
        package var handle: TimeLimit
        package var check: TimeLimit

        package init(
            accept: TimeLimit = .working(7200), handle: TimeLimit = .workingDays(1),
            check: TimeLimit = .workingDays(1)
        ) {
            self.accept = accept
            self.handle = handle
            self.check = check
        }
    }

    /// A department that cases are sent to.
    package struct Route: Sendable, Hashable {
        /// By which deliveries name it.
        package var name: String
        /// A kind such as `parking.motor`, or a family such as `parking.*`.
        package var kinds: String
        /// Digits that the area begins with.
        package var area: String
        package var department: String
        package var hasTopic: Bool
        package var hasWebhook: Bool
        /// Whether notices carry the fields of the standard.
        package var hasRecord = false
        /// The department as the platform of the city has it; nil: not known.
        package var departmentCode: String?
        package var departmentName: String?

        package init(
            name: String, kinds: String, area: String, department: String, hasTopic: Bool, hasWebhook: Bool
        ) {
            self.name = name
            self.kinds = kinds
            self.area = area
            self.department = department
            self.hasTopic = hasTopic
            self.hasWebhook = hasWebhook
        }

        func covers(kind: String, area: String) -> Bool {
            AlertKind(rawValue: kind).isCovered(by: kinds) && area.hasPrefix(self.area)
        }
    }

    /// Seconds between two incidents that are one matter.
    static let nearness = 60.0
    /// Days in which a third case of one kind and place is a recurring one.
    static let recurrenceDays = 30.0

    /// What the number of a case begins with.
    package var prefix = "QX"
    /// Kinds and families whose incidents become cases by themselves; empty: all.
    package var kinds: [String] = []
    package var calendar: WorkingCalendar
    package var timeZone: TimeZone
    package var limits: [(kinds: String, limits: Limits)] = []
    /// Declared places, by `site/camera/zone`.
    package var places: [String: String] = [:]
    package var routes: [Route] = []
    /// A review `confirmed` at the site accepts the case.
    package var acceptsConfirmed = false
    /// Seconds after which a case is over whose incidents have gone by themselves.
    package var selfResolvedAfter = 600.0
    /// Seconds after which a checked case is closed.
    package var checkedClosesAfter = 86_400.0
    /// The name under which the centre speaks to the sites.
    package var name: String

    package init(name: String, calendar: WorkingCalendar, timeZone: TimeZone) {
        self.name = name
        self.calendar = calendar
        self.timeZone = timeZone
    }

    func makesCase(_ kind: String) -> Bool {
        kinds.isEmpty || kinds.contains { AlertKind(rawValue: kind).isCovered(by: $0) }
    }

    /// Those of the kind itself, else of the longest family.
    func limits(for kind: String) -> Limits {
        limits.filter { AlertKind(rawValue: kind).isCovered(by: $0.kinds) }
            .max { Self.weight($0.kinds) < Self.weight($1.kinds) }?.limits ?? Limits()
    }

    private static func weight(_ kinds: String) -> (Int, Int) { (kinds.hasSuffix("*") ? 0 : 1, kinds.utf8.count) }

    /// Until when a case should leave its stage; nil where nobody has to hurry.
    func due(_ stage: CaseStage, kind: String, from date: Double) -> Double? {
        let limits = limits(for: kind)
        return switch stage {
        case .found, .accepted: calendar.due(limits.accept, after: date)
        case .dispatched: calendar.due(limits.handle, after: date)
        case .handled: calendar.due(limits.check, after: date)
        case .checked, .declined, .closed, .selfResolved, .withdrawn: nil
        }
    }

    /// The route of a kind in an area: the kind itself goes before a family, a smaller area before a larger one.
    func route(kind: String, area: String) -> Route? {
        routes.filter { $0.covers(kind: kind, area: area) }.max { one, other in
            (Self.weight(one.kinds).0, one.area.utf8.count, Self.weight(one.kinds).1)
                < (Self.weight(other.kinds).0, other.area.utf8.count, Self.weight(other.kinds).1)
        }
    }

    /// Those by which this department hears of it.
    func routes(to department: String, kind: String, area: String) -> [Route] {
        routes.filter { $0.department == department && $0.covers(kind: kind, area: area) }
    }

    /// A case's number of one day.
    func number(_ count: Int64, on date: Double) -> String {
        let day = calendar.date(ofDay: calendar.day(of: date))
        // Not by a format, which takes as long as a row of the database.
        func digits(_ number: Int64, _ least: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, least - digits.count)) + digits
        }
        let date = [day.year % 100, day.month, day.day].map { digits(Int64($0), 2) }.joined()
        return "\(prefix)-\(date)-\(digits(count, 4))"
    }
}
