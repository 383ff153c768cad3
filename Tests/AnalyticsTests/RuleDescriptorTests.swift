import Domain
import Foundation
import Testing

@testable import Analytics

/// What must be true of every rule's fields and settings, whichever there are.
@Suite struct RuleDescriptorTests {
    /// The field's default as a value, where its form is a plain one.
    private func standard(_ field: Field) throws -> FieldValue? {
        guard let text = field.standard else { return nil }
        switch field.form {
        case .number: return .number(try #require(Double(text)))
        case .integer: return .integer(try #require(Int(text)))
        case .choices: return .choices(text.dropFirst().dropLast().split(separator: ", ").map(String.init))
        default:
            #expect(text == "[]", "\(field.key)")
            return nil
        }
    }

    /// A value of the field's form other than its default.
    private func other(_ field: Field) throws -> FieldValue {
        switch field.form {
        case .number(let range, _):
            return .number(field.standard == Field.spelled(range.upperBound) ? range.lowerBound : range.upperBound)
        case .integer(let range, _):
            return .integer(field.standard == "\(range.upperBound)" ? range.lowerBound : range.upperBound)
        case .choices(let names): return .choices(Array(names.suffix(1)))
        case .windows: return .windows([.init(start: 60, end: 120)])
        case .dates: return .dates([.init(year: 2026, month: 10, day: 1)])
        case .timeZone: return .timeZone(try #require(TimeZone(identifier: "Asia/Urumqi")))
        case .sections: return .sections([[:]])
        default: throw CocoaError(.featureUnsupported)
        }
    }

    private func equal(_ a: any RuleSettings, _ b: any RuleSettings) -> Bool { AnyHashable(a) == AnyHashable(b) }

    @Test(arguments: Rules.kinds) func `each default is what the settings hold, and each key changes them`(
        kind: AlertKind
    )
        throws
    {
        let rule = try #require(Rules[kind])
        let plain = rule.settings(of: kind)
        for field in rule.fields(of: kind) {
            if let value = try standard(field) {
                #expect(equal(rule.settings(of: kind, values: [field.key: value]), plain), "\(field.key)")
            }
            let changed = rule.settings(of: kind, values: [field.key: try other(field)])
            #expect(!equal(changed, plain), "\(field.key)")
            // A value of another form is nobody's.
            #expect(equal(rule.settings(of: kind, values: [field.key: .boolean(true)]), plain), "\(field.key)")
        }
        #expect(rule.settings(of: kind, dwell: 77).dwell == 77)
        #expect(rule.settings(of: kind, dwell: 77, values: ["dwell": .number(78)]).dwell == 78)
    }

    @Test(arguments: Rules.kinds) func `a zone that names a kind is watched for it alone`(kind: AlertKind) throws {
        let zone = Zone(id: "z", name: "", polygon: whole)
        let rule = try #require(Rules[kind])
        let rules = ZoneRules([kind: rule.settings(of: kind)])
        #expect(rules.rules(in: zone, minimumScore: 0.35).count == 1)
        #expect(rules.kinds == [kind] && rules.needs == rule.needs)
        #expect(
            rules == ZoneRules([kind: rule.settings(of: kind)])
                && rules != ZoneRules([kind: rule.settings(of: kind, dwell: 7)]))
    }

    @Test func `hours that name no time zone are in the site's`() throws {
        let urumqi = try #require(TimeZone(identifier: "Asia/Urumqi"))
        for kind in Rules.kinds {
            let settings = Rules[kind]?.settings(of: kind, timeZone: urumqi)
            if let settings = settings as? any TimedRuleSettings { #expect(settings.windows.timeZone == urumqi) }
        }
    }

    @Test func `sizes that leave nothing are a fault of the key that is too low`() throws {
        let rule = try #require(Rules[.garbagePile])
        let settings = rule.settings(of: .garbagePile, values: ["largest_share": .number(0.005)])
        #expect(settings.faults.map(\.key) == ["largest_share"])
        #expect(rule.settings(of: .garbagePile).faults.isEmpty)
    }
}

private let whole = Polygon([Point(x: 0, y: 0), Point(x: 1, y: 0), Point(x: 1, y: 1), Point(x: 0, y: 1)])
