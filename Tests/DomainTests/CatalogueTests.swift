import Analytics
import Domain
import Testing

struct CatalogueTests {
    private let catalogue: Catalogue

    init() throws { catalogue = try Catalogue.builtIn() }

    private var entries: [KindEntry] { catalogue.kinds.compactMap { catalogue[$0] } }

    @Test func `the catalogue holds 37 kinds, each complete`() {
        #expect(entries.count == 37)
        for entry in entries {
            #expect(!entry.name.zh.isEmpty && !entry.name.en.isEmpty, "\(entry.kind)")
            #expect((1...5).contains(entry.severity), "\(entry.kind)")
            #expect(!entry.departments.primary.role.isEmpty, "\(entry.kind)")
            #expect(!entry.suggestedLimit.zh.isEmpty && !entry.suggestedLimit.en.isEmpty, "\(entry.kind)")
            #expect(entry.defaultDwellSeconds >= 0, "\(entry.kind)")
        }
    }

    @Test func `Chinese names have full-width punctuation`() {
        let halfWidth: Set<Character> = ["(", ")", ",", ";", ":", "?", "!"]
        for entry in entries {
            let departments = [entry.departments.primary] + entry.departments.assisting
            for text in [entry.name.zh, entry.suggestedLimit.zh] + departments.map(\.name.zh) {
                #expect(!text.contains(where: halfWidth.contains), "\(entry.kind): \(text)")
            }
        }
    }

    @Test func `every code has the shape of its generation`() {
        for entry in entries {
            for code in entry.codes {
                let length = code.system == .gbt2026 ? 5 : 4
                #expect(code.code.count == length && code.code.allSatisfy(\.isNumber), "\(entry.kind) \(code.code)")
            }
            #expect(Set(entry.codes.map(\.system)).count == entry.codes.count, "\(entry.kind)")
        }
    }

    @Test func `the 2026 codes follow from those of 2013`() throws {
        for entry in entries {
            guard let old = entry.codes.first(where: { $0.system == .gbt2013 })?.code,
                let new = entry.codes.first(where: { $0.system == .gbt2026 })?.code
            else { continue }
            let major = try #require(Int(old.prefix(2)))
            let minor = try #require(Int(old.suffix(2)))
            #expect(try #require(Int(new)) == (major + 5) * 1000 + minor, "\(entry.kind)")
        }
    }

    @Test func `a derived code is kept, and sent only when asked for`() throws {
        let entry = try #require(catalogue[AlertKind(rawValue: "parking.fire_lane")])
        #expect(entry.codes.map(\.code) == ["09012", "0412"])
        #expect(entry.emittedCodes().map(\.code) == ["09012"])
        #expect(entry.emittedCodes(derived: true).map(\.code) == ["09012", "0412"])
    }

    @Test func `motor parking carries the codes of the contract`() throws {
        let entry = try #require(catalogue[.illegalParking])
        #expect(entry.emittedCodes().map(\.code) == ["09009", "0409"])
        #expect(entry.emittedCodes(in: [.cjt2007]).map(\.code) == ["0505"])
        #expect(entry.name.zh == "机动车乱停放")
        #expect(entry.privacyProfile == .plate)
    }

    @Test func `the surface decides the department`() throws {
        let entry = try #require(catalogue[.illegalParking])
        #expect(entry.department(on: .carriageway).role == "traffic-police")
        #expect(entry.department(on: .pavement).role == "city-management")
        #expect(entry.department(on: .other).role == "traffic-police")
    }

    @Test func `vending is only ever suspected`() {
        for entry in entries where entry.kind.rawValue.hasPrefix("vending.") {
            #expect(entry.name.zh.hasPrefix("疑似"), "\(entry.kind)")
            #expect(entry.name.en.hasPrefix("Suspected"), "\(entry.kind)")
        }
    }

    @Test func `only what has been proved is on by itself`() {
        let proved = entries.filter { $0.maturity != .experimental }.map(\.kind)
        #expect(entries.filter(\.enabled).map(\.kind) == proved)
    }

    @Test func `a site may change an entry, but not invent a kind`() throws {
        var catalogue = catalogue
        catalogue[.illegalParking]?.severity = 1
        #expect(catalogue[.illegalParking]?.severity == 1)
        let invented = AlertKind(rawValue: "parking.spaceship")
        catalogue[invented] = catalogue[.illegalParking]
        #expect(catalogue[invented] == nil)
    }
}
