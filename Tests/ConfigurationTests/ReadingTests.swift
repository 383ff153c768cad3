import Analytics
import Catalogue
import Configuration
import Foundation
import Testing

@Suite("Reading")
struct ReadingTests {
    @Test("takes what the file says")
    func values() throws {
        let text = """
            site: {id: s1, area: 320583102201, grid: 003, time_zone: UTC, state_directory: /data/}
            broker: {host: b, protocol: mqtt3.1.1, tls: {}, username: u, password_file: /p}
            detector: {minimum_score: 0.5}
            evidence: {enabled: false}
            logging: {level: debug}
            cameras:
              - id: c1
                url: /clips/a.mp4
                purpose: 停车
                signage_confirmed: true
                decode: all
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
        #expect(configuration.broker.tls == TLSSettings())
        #expect(configuration.logging.level == .debug)
        let camera = configuration.cameras[0]
        #expect(camera.decode == .all)
        #expect((camera.area.digits, camera.grid, camera.microgrid) == ("320583102201", "003", "02"))
        let zone = camera.zones[0]
        #expect(zone.zone.surface == .pavement)
        let parking = try #require(zone.rules.parking)
        #expect(parking.dwell == 60)
        #expect(parking.classes == [.car, .motorcycle])
        #expect(parking.windows.timeZone.identifier == "Asia/Urumqi")
        #expect(
            parking.windows.windows == [
                .init(weekdays: [1, 7], start: 1320, end: 390), .init(weekdays: Set(1...7), start: 0, end: 1440),
            ])
        #expect(parking.queueVehicles == 0)
    }

    @Test("prints no credentials")
    func description() throws {
        let text = Sample.minimal(line: 8, "    url: rtsp://admin:secret@10.0.0.1/a")
        let configuration = try Configuration.parse(text: text, file: "f")
        #expect(!"\(configuration)\(configuration.cameras)\(String(reflecting: configuration))".contains("secret"))
    }

    @Test("takes CR LF and a byte order mark")
    func windowsText() throws {
        let text = "\u{FEFF}" + Sample.minimal.replacing("\n", with: "\r\n")
        #expect(Sample.faults(text).isEmpty)
        let broken = Sample.minimal(line: 5, "  hots: localhost").replacing("\n", with: "\r\n")
        #expect(Sample.faults(broken).contains { $0.hasPrefix("5:3: broker: there is no key \"hots\"") })
    }
}
