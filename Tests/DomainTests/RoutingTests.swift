import Analytics
import Domain
import Testing

struct RoutingTests {
    private let catalogue: Catalogue

    init() throws { catalogue = try Catalogue.builtIn() }

    private static let routing = Routing([
        .init(kinds: "*", id: "all"), .init(kinds: "vending.*", id: "vending"),
        .init(kinds: "vending.o*", surface: .pavement, id: "vending-o-pavement"),
        .init(kinds: "vending.occupy_road", role: "street-office", id: "road"),
        .init(kinds: "parking.motor", surface: .pavement, id: "pavement"),
        .init(kinds: "parking.*", surface: .pavement, id: "parking-pavement"),
        .init(kinds: "parking.*", id: "parking"),
    ])

    @Test(
        arguments: [
            ("env.burning", Zone.Surface.other, "all"), ("vending.itinerant", .pavement, "vending"),
            ("vending.out_of_store", .pavement, "vending-o-pavement"), ("vending.out_of_store", .square, "vending"),
            ("vending.occupy_road", .pavement, "road"), ("parking.motor", .pavement, "pavement"),
            ("parking.motor", .carriageway, "parking"), ("parking.fire_lane", .pavement, "parking-pavement"),
        ])
    func `the most specific route wins, in whatever order`(_ kind: String, _ surface: Zone.Surface, _ id: String) throws
    {
        let entry = try #require(catalogue[AlertKind(rawValue: kind)])
        #expect(Self.routing.department(for: entry, on: surface).id == id)
        #expect(Routing(Self.routing.routes.reversed()).department(for: entry, on: surface).id == id)
    }

    @Test func `what a route leaves out stays the catalogue's`() throws {
        let entry = try #require(catalogue[.illegalParking])
        for surface in Zone.Surface.allCases {
            let usual = entry.department(on: surface)
            #expect(Routing().department(for: entry, on: surface) == usual)
            let numbered = Routing([.init(kinds: "*", id: "7")]).department(for: entry, on: surface)
            #expect(numbered == Department(role: usual.role, name: usual.name, id: "7"))
        }
        let name = LocalizedName(zh: "综合执法大队", en: "Enforcement brigade")
        let other = Routing([.init(kinds: "parking.motor", role: "brigade", name: name)])
        #expect(other.department(for: entry, on: .square) == Department(role: "brigade", name: name, id: nil))
    }

    @Test func `a routed catalogue says what the routing says`() throws {
        let routed = catalogue.routed(by: Self.routing)
        #expect(routed.kinds == catalogue.kinds)
        for kind in catalogue.kinds {
            let (entry, changed) = (try #require(catalogue[kind]), try #require(routed[kind]))
            for surface in Zone.Surface.allCases {
                #expect(changed.department(on: surface) == Self.routing.department(for: entry, on: surface))
            }
            #expect(changed.codes == entry.codes && changed.severity == entry.severity)
        }
    }

    @Test func `a role has the catalogue's name`() {
        #expect(catalogue.department(role: "traffic-police")?.name.zh == "公安交警")
        #expect(catalogue.department(role: "nobody") == nil)
    }
}
