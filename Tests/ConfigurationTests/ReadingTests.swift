import Analytics
import Domain
import Foundation
import SiteConfiguration
import Testing

@Suite struct ReadingTests {
    @Test func `a configuration takes what the file says`() throws {
        let text = """
            site: {id: s1, area: 320583102201, grid: 003, time_zone: UTC, state_directory: /data/}
            broker: {host: b, protocol: mqtt3.1.1, tls: {}, username: u, password_file: /p}
            detector: {minimum_score: 0.5}
            evidence: {enabled: false}
            logging: {level: debug}
            cameras:
              - id: c1
                url: /clips/a.mp4
                detail_url: rtsps://10.0.0.1/main
                purpose: 停车
                signage_confirmed: true
                decode: all
                aspect: 16:9
                look_every: 0.5
                microgrid: 02
                zones:
                  - id: z1
                    surface: pavement
                    promise: 1
                    polygon: [[0, 0], [1, 0], [1, 1], [0, 1]]
                    rules:
                      parking.motor:
                        dwell: 60
                        classes: [car, motorcycle]
                        windows: [{days: [mon, sun], from: 22:00, to: 06:30}, {from: "00:00", to: "24:00"}]
                        time_zone: Asia/Urumqi
                        queue_vehicles: 0
            """
        let configuration = try Configuration.parse(text: text, file: "f")
        #expect(configuration.site.grid == "003")
        #expect(configuration.site.timeZone.secondsFromGMT() == 0)
        #expect(configuration.evidence.directory == "/data/evidence")
        #expect(!configuration.evidence.isEnabled)
        #expect(configuration.broker.version == .mqtt311)
        #expect(configuration.broker.clientID == "gridwarden-s1")
        #expect(configuration.broker.addresses == [.init(host: "b", port: 1883)])
        #expect(configuration.broker.tls == TLSSettings())
        #expect(configuration.logging.level == .debug)
        let camera = configuration.cameras[0]
        #expect(camera.decode == .all)
        #expect(camera.aspect == Aspect("16:9"))
        #expect(camera.detailURL == "rtsps://10.0.0.1/main")
        #expect((camera.area.digits, camera.grid, camera.microgrid) == ("320583102201", "003", "02"))
        let zone = camera.zones[0]
        #expect(zone.zone.surface == .pavement)
        let parking = try #require(zone.rules[.illegalParking] as? ParkingSettings)
        #expect(parking.dwell == 60)
        #expect(parking.classes == [.car, .motorcycle])
        #expect(parking.windows.timeZone.identifier == "Asia/Urumqi")
        #expect(
            parking.windows.windows == [
                .init(weekdays: [1, 7], start: 1320, end: 390), .init(weekdays: Set(1...7), start: 0, end: 1440),
            ])
        #expect(parking.queueVehicles == 0)
    }

    /// The rules of `rules`, the lines of the map under that key.
    private func rules(_ rules: String, surface: String = "pavement") throws -> ZoneRules {
        let head = Sample.minimal.split(separator: "\n").dropLast(2).joined(separator: "\n")
        let text = head + "\n        surface: \(surface)\n        rules: {\(rules)}"
        return try Configuration.parse(text: text, file: "f").cameras[0].zones[0].rules
    }

    @Test func `a rule takes the catalogue's dwell where the file names none`() throws {
        let catalogue = try Catalogue.builtIn()
        let names = "env.garbage_pile: , vending.itinerant: {permits: []}, safety.smoke_fire: , env.water_dirty: "
        let rules = try rules(names + ", safety.crowd: {people: 30}", surface: "water")
        let shanghai = try #require(TimeZone(identifier: "Asia/Shanghai"))
        let always = TimeWindows(windows: [], timeZone: shanghai)
        func dwell(_ kind: AlertKind) throws -> Double { try #require(catalogue[kind]).defaultDwellSeconds }
        let expected: ZoneRules = [
            .garbagePile: LeftObjectSettings(dwell: try dwell(.garbagePile), windows: always, size: 0.01...1),
            .itinerantVending: VendingSettings(dwell: try dwell(.itinerantVending), windows: always),
            .smokeAndFire: SmokeSettings(dwell: try dwell(.smokeAndFire)),
            .dirtyWater: WaterSettings(dwell: try dwell(.dirtyWater), windows: always),
            .crowd: CrowdSettings(dwell: try dwell(.crowd), windows: always, people: 30),
        ]
        #expect(rules == expected)
    }

    @Test func `a rule takes sizes, holidays and hours`() throws {
        let hours =
            "windows: [{from: \"07:00\", to: \"19:00\"}], holidays: [2028-02-29, \"2026-10-01\"], time_zone: UTC"
        let rules = try rules("appearance.pile: {dwell: 60, smallest_share: 0.02, largest_share: 0.5, \(hours)}")
        let pile = try #require(rules[.piledGoods] as? LeftObjectSettings)
        #expect(pile.dwell == 60)
        #expect(pile.size == 0.02...0.5)
        #expect(pile.windows.windows == [.init(start: 420, end: 1140)])
        #expect(
            pile.windows.holidays == [.init(year: 2028, month: 2, day: 29), .init(year: 2026, month: 10, day: 1)])
        #expect(rules.kinds == [.piledGoods])
    }

    @Test func `a site takes its departments from the file`() throws {
        let list = "[{kind: parking.motor, surface: pavement, id: \"07\"}, {kind: vending.*, role: traffic-police}]"
        let text = Sample.minimal(line: 3, "  area: \"320583102201\"\n  departments: \(list)")
        let routes = try Configuration.parse(text: text, file: "f").site.departments.routes
        let police = try #require(Catalogue.builtIn().department(role: "traffic-police"))
        #expect(
            routes == [
                .init(kinds: "parking.motor", surface: .pavement, id: "07"),
                .init(kinds: "vending.*", role: "traffic-police", name: police.name),
            ])
    }

    @Test func `what a site has otherwise than the catalogue is taken, and its dwell for the rules`() throws {
        let map = """
            {parking.motor: {name: {zh: 违停, en: Parked}, severity: 2, dwell: 45, suggested_limit: {zh: 甲, en: A},
                codes: [{system: CJ/T 214-2007, code: "0505"}], privacy_profile: mask_all},
                safety.crowd: {dwell: 33}, env.burning: {dwell: 44, codes: []}}
            """
        let text = Sample.minimal(line: 3, "  area: \"320583102201\"\n  kinds: \(map)")
            .replacingOccurrences(
                of: "parking.motor:\n", with: "{parking.motor: , safety.crowd: , env.burning: , vending.itinerant: }\n")
        let configuration = try Configuration.parse(text: text, file: "f")
        let rules = configuration.cameras[0].zones[0].rules
        #expect(rules[.illegalParking]?.dwell == 45)
        #expect(rules[.crowd]?.dwell == 33)
        #expect(rules[.burning]?.dwell == 44)
        let catalogue = try Catalogue.builtIn()
        #expect(
            rules[.itinerantVending]?.dwell == catalogue[.itinerantVending]?.defaultDwellSeconds)
        #expect(
            configuration.site.kinds == [
                KindOverride(
                    kind: .illegalParking, name: .init(zh: "违停", en: "Parked"),
                    codes: [.init(system: .cjt2007, code: "0505", certainty: .site)], severity: 2,
                    suggestedLimit: .init(zh: "甲", en: "A"), dwell: 45, privacyProfile: .maskAll),
                KindOverride(kind: .crowd, dwell: 33), KindOverride(kind: .burning, codes: [], dwell: 44),
            ])
    }

    @Test func `parking rests on the holidays of its rule`() throws {
        let parking = try #require(
            try rules("parking.motor: {holidays: [2026-10-01]}")[.illegalParking] as? ParkingSettings)
        #expect(parking.windows.holidays == [.init(year: 2026, month: 10, day: 1)])
        // The site's midnight, not that of Greenwich.
        let formatter = ISO8601DateFormatter()
        let inside = try #require(formatter.date(from: "2026-10-01T00:00:00+08:00"))
        #expect(!parking.windows.contains(inside))
        #expect(parking.windows.contains(inside.addingTimeInterval(-1)))
    }

    @Test(
        arguments: [
            ("Asia/Shanghai", "2027-02-28", "2027-03-01T00:00:00+08:00"),
            ("UTC", "2026-12-31", "2027-01-01T00:00:00Z"),
            ("Europe/Berlin", "2026-03-29", "2026-03-30T00:00:00+02:00"),
        ])
    func `a permit holds through its last day in the rule's time zone`(_ zone: String, _ day: String, _ end: String)
        throws
    {
        let place =
            "name: n, polygon: [[0, 0], [1, 0], [1, 1]], until: \(day), windows: [{from: \"06:00\", to: \"09:00\"}]"
        let rules = try rules("vending.out_of_store: {time_zone: \(zone), permits: [{\(place)}, {\(place)}]}")
        let vending = try #require(rules[.outOfStore] as? VendingSettings)
        #expect(vending.permits.count == 2)
        let permit = try #require(vending.permits.first)
        let until = try #require(permit.until)
        let midnight = try #require(ISO8601DateFormatter().date(from: end))
        #expect(abs(until.timeIntervalSince(midnight) + 0.001) < 1e-5)
        #expect(permit.windows.timeZone == vending.windows.timeZone)
        #expect(permit.windows.windows == [.init(start: 360, end: 540)])
        #expect(permit.polygon.corners.count == 3)
    }

    @Test func `a configuration prints no credentials`() throws {
        let text = Sample.minimal(
            line: 8, "    url: rtsp://admin:secret@10.0.0.1/a\n    detail_url: rtsp://admin:secret@10.0.0.1/b")
        let configuration = try Configuration.parse(text: text, file: "f")
        #expect(!"\(configuration)\(configuration.cameras)\(String(reflecting: configuration))".contains("secret"))
    }

    @Test func `CR LF and a byte order mark are taken`() throws {
        let text = "\u{FEFF}" + Sample.minimal.replacing("\n", with: "\r\n")
        #expect(Sample.faults(text).isEmpty)
        let broken = Sample.minimal(line: 5, "  hots: localhost").replacing("\n", with: "\r\n")
        #expect(Sample.faults(broken).contains { $0.hasPrefix("5:3: broker: there is no key \"hots\"") })
    }
}
