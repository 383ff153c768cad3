import Analytics
import Domain
import Foundation
import Testing

@testable import SiteConfiguration

@Suite struct ExampleTests {
    /// What is required, as the example has it.
    private static let required = """
        site: {id: 320583102-003-edge01, area: "320583102201"}
        broker: {host: 192.168.1.10}
        cameras:
          - id: cam-01
            url: rtsp://192.168.1.64:554/Streaming/Channels/101
            purpose: illegal parking in front of the market gate
            signage_confirmed: true
            zones:
              - {id: np1, polygon: [[0.10, 0.55], [0.62, 0.48], [0.90, 0.80], [0.20, 0.95]], rules: {parking.motor: }}
        """

    @Test func `the example states the defaults of the code`() throws {
        let example = try Configuration.load(path: Sample.examplePath)
        let plain = try Configuration.parse(text: Self.required, file: "f")
        #expect(example.site == plain.site)
        #expect(example.broker == plain.broker)
        #expect(example.detector == plain.detector)
        #expect(example.evidence == plain.evidence)
        #expect(example.inbound == plain.inbound)
        #expect(example.dialects == plain.dialects)
        #expect(example.outbox == plain.outbox)
        #expect(example.cameras == plain.cameras)
        #expect(example.logging == plain.logging)
        #expect(example.metrics == plain.metrics)
        #expect(example.console == plain.console)
        #expect(try example.text == Sample.example())
        var parking = ParkingSettings()
        parking.windows.timeZone = plain.site.timeZone
        #expect(plain.cameras[0].zones[0].rules == [.illegalParking: parking])
    }

    @Test func `the example is valid with every optional key`() throws {
        let full = try Configuration.parse(text: Sample.fullExample(), file: "f")
        #expect(full.broker.username == "gridwarden")
        #expect(full.metrics.listen == .init(address: "127.0.0.1", port: 9464))
        #expect(full.broker.tls?.caFile == TLSSettings().caFile)
        #expect(full.cameras[0].area.digits == "320583102202")
    }

    @Test func `the example states the defaults of every rule`() throws {
        let full = try Configuration.parse(text: Sample.fullExample(), file: "f").cameras[0].zones
        #expect(Set(full.flatMap(\.rules.kinds)) == Set(Rules.kinds))
        for zone in full {
            let names = zone.rules.kinds.map { "\($0): " }.joined(separator: ", ")
            let rules = "        surface: \(zone.zone.surface.rawValue)\n        rules: {\(names)}"
            let text = Sample.minimal.split(separator: "\n").dropLast(2).joined(separator: "\n") + "\n" + rules
            let plain = try Configuration.parse(text: text, file: "f").cameras[0].zones[0]
            #expect(zone.rules == plain.rules, "\(zone.zone.id)")
        }
    }

    @Test func `the example and the reference hold every key`() throws {
        let log = FaultLog(file: "f")
        let root = try #require(try SourceText.compose(Sample.fullExample(), log))
        let file = try #require(Section<Configuration.Key>(root, place: "", at: Position(), log))
        let broker: Section<BrokerSettings.Key> = try #require(file.section(.broker))
        let cameraNode = try #require(file.list(.cameras, of: "")?.first)
        let camera = try #require(Section<CameraSettings.Key>(cameraNode, place: "", at: Position(), log))
        let zones = try #require(camera.list(.zones, of: "")).compactMap {
            Section<ZoneSettings.Key>($0, place: "", at: Position(), log)
        }
        let zone = try #require(zones.first)
        let kinds = Rules.kinds.map { FieldName(rawValue: $0.rawValue) }
        let rules = zones.compactMap { zone in
            zone.node(.rules).flatMap { Section($0, keys: kinds, place: "", at: Position(), log) }
        }
        try check(file)
        try check(#require(file.section(.site) as Section<SiteSettings.Key>?))
        try check(broker)
        try check(#require(broker.section(.tls) as Section<TLSSettings.Key>?))
        try check(#require(file.section(.detector) as Section<DetectorSettings.Key>?))
        try check(#require(file.section(.evidence) as Section<EvidenceSettings.Key>?))
        try check(#require(file.section(.inbound) as Section<InboundSettings.Key>?))
        let dialects: Section<DialectSettings.Key> = try #require(file.section(.dialects))
        try check(dialects)
        try check(#require(dialects.section(.homeAssistant) as Section<DialectSettings.HomeAssistant.Key>?))
        try check(#require(dialects.section(.onvif) as Section<DialectSettings.ONVIF.Key>?))
        try check(#require(dialects.section(.frigate) as Section<DialectSettings.Frigate.Key>?))
        try check(#require(file.section(.outbox) as Section<OutboxSettings.Key>?))
        try check(#require(file.section(.logging) as Section<LoggingSettings.Key>?))
        try check(#require(file.section(.metrics) as Section<MetricsSettings.Key>?))
        try check(#require(file.section(.console) as Section<ConsoleSettings.Key>?))
        try check(camera)
        try check(zone)
        for kind in Rules.kinds {
            let fields = try #require(Rules[kind]).fields(of: kind)
            let node = try #require(rules.compactMap { $0.node(FieldName(rawValue: kind.rawValue)) }.first, "\(kind)")
            let rule = try #require(Section(node, fields: fields, place: "\(kind)", at: Position(), log))
            for field in fields { #expect(rule.position(of: FieldName(field)) != nil, "\(kind), \(field.key)") }
            try documented(fields)
        }
        for key in Routing.Route.Key.allCases.map(\.rawValue) {
            #expect(try Sample.example().contains("\(key): "))
            #expect(try Sample.docs().contains("`\(key)`"))
        }
        for key in KindOverride.Key.allCases.map(\.rawValue) + KindOverride.CodeKey.allCases.map(\.rawValue) {
            #expect(try Sample.example().contains("\(key): "))
            #expect(try Sample.docs().contains("`\(key)`") || Sample.docs().contains("`{system: …, code: …}`"))
        }
        for key in AccessPolicy.Party.Key.allCases.map(\.rawValue) {
            #expect(try Sample.example().contains("\(key): "))
            #expect(try Sample.docs().contains("`\(key)`"))
        }
        for key in TimeWindows.Window.Key.allCases.map(\.rawValue) {
            #expect(try Sample.example().contains("\(key): "))
            #expect(try Sample.docs().contains("`\(key)`"))
        }
        #expect(log.isEmpty)
    }

    /// Each key, and those of maps below it, stands in the example and in docs/configuration.md.
    private func documented(_ fields: [Field]) throws {
        for field in fields {
            #expect(try Sample.example().contains("\(field.key): "), "\(field.key) in the example")
            #expect(try Sample.docs().contains("`\(field.key)`"), "\(field.key) in docs/configuration.md")
            if case .sections(let inner) = field.form { try documented(inner) }
        }
    }

    private func check<Key: CaseIterable>(_ section: Section<Key>) throws {
        let docs = try Sample.docs()
        for key in Key.allCases {
            #expect(section.position(of: key) != nil, "\(key)")
            #expect(docs.contains("`\(key.rawValue)`"), "\(key) in docs/configuration.md")
        }
    }
}
