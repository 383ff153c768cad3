import Analytics
import Domain
import Foundation
import Testing

@testable import Contract

struct TopicTests {
    private let topics = AlertTopics()
    private let place: GridLocation

    init() throws { place = GridLocation(area: try AreaCode("320583102201"), grid: "003", microgrid: "02") }

    @Test func `an alert lies at the depth of the contract`() {
        #expect(
            topics.alert(place, .illegalParking)
                == "mg/v1/alert/32/3205/320583/320583102/320583102201/003/02/parking.motor")
    }

    @Test func `the other classes end in what they are about`() throws {
        let id = try #require(UUID(uuidString: "0192F0C1-7B10-7D02-8C1E-5F8F0D1C2B3A"))
        let area = "32/3205/320583/320583102/320583102201/003/02"
        #expect(
            topics.open(place, .illegalParking, incident: id)
                == "mg/v1/open/\(area)/parking.motor/0192f0c1-7b10-7d02-8c1e-5f8f0d1c2b3a")
        #expect(
            topics.evidence(place, .illegalParking, incident: id, sha256: "ab")
                == "mg/v1/evidence/\(area)/parking.motor/0192f0c1-7b10-7d02-8c1e-5f8f0d1c2b3a/ab")
        #expect(topics.camera(place, id: "cam-01") == "mg/v1/camera/\(area)/_/cam-01")
        #expect(topics.site(place, id: "edge01") == "mg/v1/site/\(area)/_/edge01")
    }

    @Test(arguments: [
        ("32", "32/#"), ("3205", "32/3205/#"), ("320583", "32/3205/320583/#"),
        ("320583102", "32/3205/320583/320583102/#"), ("320583102201", "32/3205/320583/320583102/320583102201/#"),
    ])
    func `each level of government has one filter`(area: String, filter: String) throws {
        #expect(topics.filter(.alert, area: try AreaCode(area)) == "mg/v1/alert/\(filter)")
    }

    @Test func `without an area the filter takes everything`() {
        #expect(topics.filter(.open) == "mg/v1/open/#")
        #expect(topics.filter(kind: .illegalParking) == "mg/v1/alert/+/+/+/+/+/+/+/parking.motor")
    }

    @Test func `a county's traffic police follow one kind`() throws {
        #expect(
            topics.filter(kind: .illegalParking, area: try AreaCode("320583"))
                == "mg/v1/alert/32/3205/320583/+/+/+/+/parking.motor")
    }

    @Test func `on a broker without dots the kind has an underscore, in what is sent and in filters`() throws {
        let topics = AlertTopics(root: "a/b.c", kinds: .underscored)
        let area = "32/3205/320583/320583102/320583102201/003/02"
        let (id, kind) = (UUID(), AlertKind(rawValue: "vending.occupy_road"))
        #expect(topics.onWire(topics.alert(place, kind)) == "a/b.c/alert/\(area)/vending_occupy_road")
        #expect(
            topics.onWire(topics.open(place, kind, incident: id)) == "a/b.c/open/\(area)/vending_occupy_road/\(id.text)"
        )
        #expect(
            topics.onWire(topics.evidence(place, kind, incident: id, sha256: "ab.c"))
                == "a/b.c/evidence/\(area)/vending_occupy_road/\(id.text)/ab.c")
        #expect(topics.onWire(topics.site(place, id: "a.b")) == topics.site(place, id: "a.b"))
        #expect(topics.onWire("elsewhere/a.b") == "elsewhere/a.b")
        #expect(topics.filter(kind: kind) == "a/b.c/alert/+/+/+/+/+/+/+/vending_occupy_road")
        #expect(self.topics.onWire(self.topics.alert(place, kind)) == self.topics.alert(place, kind))
        let sent = try Catalogue.builtIn().kinds.map { topics.onWire(topics.alert(place, $0)) }
        #expect(Set(sent).count == sent.count)
    }

    @Test func `no name opens a level or a wildcard`() {
        let topic = AlertTopics(root: "test").camera(place, id: "a/b+c#d")
        #expect(topic.split(separator: "/").count == 11)
        #expect(topic.hasSuffix("/a%2Fb%2Bc%23d"))
    }
}
