import Analytics
import Domain
import Testing

@testable import SiteConfiguration

@Suite struct FireLaneReadingTests {
    private func line(_ settings: String) -> String {
        Sample.minimal(line: 15, "          parking.fire_lane:\(settings)")
    }

    @Test func `a fire lane alone has its own dwell, holds always and presumes no queue`() throws {
        let rules = try Configuration.parse(text: line(""), file: "f").cameras[0].zones[0].rules
        let settings = try #require(rules[.fireLane] as? ParkingSettings)
        #expect(settings.dwell == 60 && settings.queueVehicles == 0 && settings.windows.windows.isEmpty)
        #expect(rules.kinds == [.fireLane])
    }

    @Test func `a fire lane has no hours`() {
        let faults = Sample.faults(line(" {windows: []}"))
        #expect(faults.count == 1)
        #expect(
            faults.first?.contains("there is no key \"windows\"") ?? false
                && faults.first?.hasSuffix("The keys are dwell, classes, occlusion, queue_vehicles, queue_patience")
                    ?? false,
            "\(faults)")
    }

    @Test func `a fire lane is graver than parking and for the fire brigade, with the police assisting`() throws {
        let catalogue = try Catalogue.builtIn()
        let entry = try #require(catalogue[.fireLane])
        #expect(entry.severity == 2 && entry.defaultDwellSeconds == 60 && entry.name.zh == "占用消防通道")
        #expect(entry.severity < (catalogue[.illegalParking]?.severity ?? 0))
        #expect(entry.departments.primary.role == "fire-rescue")
        #expect(entry.departments.assisting.map(\.role).contains("police-station"))
        #expect(entry.codes.map(\.code) == ["09012", "0412"])
    }
}
