import Analytics
import Foundation
import Testing

@testable import Domain

/// What must be true of every rule, whichever there are.
@Suite struct RuleKindsTests {
    @Test func `each kind that a rule finds has a row in the catalogue, and one rule`() throws {
        let catalogue = try Catalogue.builtIn(covering: Rules.kinds)
        #expect(Set(Rules.kinds).count == Rules.kinds.count)
        for rule in Rules.all {
            #expect(!rule.kinds.isEmpty)
            for kind in rule.kinds {
                #expect(catalogue[kind] != nil, "\(kind)")
                #expect((1...86_400).contains(catalogue[kind]?.defaultDwellSeconds ?? 0), "\(kind)")
            }
            for kind in rule.outranks {
                #expect(Rules[kind] != nil && !rule.kinds.contains(kind), "\(kind)")
                let lesser = catalogue[kind]?.severity ?? 0
                #expect(rule.kinds.allSatisfy { catalogue[$0]?.severity ?? 9 < lesser }, "\(kind)")
            }
        }
    }

    @Test func `each key has a text in both languages, and the dwell of the catalogue is its default`() throws {
        let catalogue = try Catalogue.builtIn(covering: Rules.kinds)
        for kind in Rules.kinds {
            let dwell = try #require(catalogue[kind]).defaultDwellSeconds
            let fields = try #require(Rules[kind]).fields(of: kind, dwell: dwell)
            #expect(fields.first?.key == "dwell" && fields.first?.standard == Field.spelled(dwell), "\(kind)")
            #expect(Set(fields.map(\.key)).count == fields.count, "\(kind)")
            for field in fields {
                #expect(field.what.en.contains(/[a-z]/) && !field.what.en.contains(/\p{Han}/), "\(kind), \(field.key)")
                #expect(field.what.zh.contains(/\p{Han}/), "\(kind), \(field.key)")
                #expect(field.standard != nil || field.key == "time_zone", "\(kind), \(field.key)")
            }
        }
    }

    @Test func `a kind without an entry does not start, and the error names it`() {
        let json = Data(#"{"version": "1", "kinds": []}"#.utf8)
        let kinds = [AlertKind(rawValue: "parking.spaceship"), AlertKind(rawValue: "parking.balloon")]
        #expect {
            _ = try Catalogue(json: json, covering: kinds)
        } throws: {
            "\($0)".contains("no entry for parking.spaceship, parking.balloon")
        }
        #expect(throws: Never.self) { _ = try Catalogue(json: json) }
    }
}
