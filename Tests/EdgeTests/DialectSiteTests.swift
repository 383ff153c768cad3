import Contract
import Delivery
import Domain
import Edge
import EdgeSupport
import Foundation
import MQTT
import Pipeline
import Store
import TestSupport
import Testing

/// Dialects of a whole site: what the broker has of them besides the native topics.
@Suite(.waiting) struct DialectSiteTests {
    private static let car = Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)

    private func site(_ cameras: [String] = ["cam-01"], isPublishing: Bool = true) throws -> EdgeHarness {
        let site = try EdgeHarness(cameras: cameras)
        site.park([Self.car])
        site.configure {
            $0.dialects = [HomeAssistantDiscovery(), ONVIFDialect(topicPrefix: "edge-01"), FrigateDialect()]
            $0.publishesEvidence = isPublishing
        }
        return site
    }

    private func json(_ message: MQTTMessage?) -> [String: Any] {
        message.flatMap { try? JSONSerialization.jsonObject(with: Data($0.payload)) as? [String: Any] } ?? [:]
    }

    private func frigate(_ site: EdgeHarness) -> [(type: String, incident: String)] {
        site.broker.received.filter { $0.topic == "frigate/events" }.map {
            let map = json($0)
            return (map["type"] as? String ?? "", (map["after"] as? [String: Any])?["id"] as? String ?? "")
        }
    }

    private func foreign(_ site: EdgeHarness) -> Set<String> {
        Set(site.broker.retained.keys.filter { !$0.hasPrefix("mg/v1/") })
    }

    private let state = "gridwarden/edge-01/cam-01/np1/parking_motor"
    private let property = "edge-01/onvif-ej/RuleEngine/FieldDetector/ObjectsInside/&cam-01/np1_parking_motor"

    @Test func `an incident begins and ends in each dialect under its id, with the picture that may leave the box`()
        async throws
    {
        let site = try site()
        try await site.start()
        #expect(try await eventually { json(site.broker.retained[state])["open"] as? Int == 0 })
        try await site.look(from: 0, through: 40)
        let picture = "gridwarden/edge-01/cam-01/picture"
        #expect(try await eventually { site.broker.retained[picture] != nil })
        #expect(site.broker.retained[picture]?.payload.starts(with: [0xFF, 0xD8]) == true)
        let expiry = try #require(site.broker.retained[picture]?.expiry)
        #expect(expiry == 10_000 * 86_400)
        let incident = try #require(site.alerts.first?.subject)
        // Each dialect goes its own way: what one has brought says nothing about the others.
        #expect(try await eventually { json(site.broker.retained[state])["incidents"] as? [String] == [incident] })
        #expect(
            try await eventually {
                let data = json(site.broker.retained[property])["Data"] as? [String: Any]
                return data?["ObjectId"] as? String == incident && data?["IsInside"] as? Bool == true
            })
        #expect(
            try await eventually {
                let snapshot = site.broker.retained["frigate/cam-01/car/snapshot"]?.payload
                return snapshot != nil && snapshot == site.broker.retained[picture]?.payload
            })

        site.park([])
        try await site.look(from: 42, through: 80)
        #expect(try await eventually { frigate(site).last?.type == "end" })
        #expect(Set(frigate(site).map(\.incident)) == [incident])
        #expect(frigate(site).count { $0.type == "new" } == 1 && frigate(site).first?.type == "new")
        #expect(
            try await eventually {
                let now = json(site.broker.retained[state])
                return now["open"] as? Int == 0 && now["opened"] as? Int == 1
            })
        #expect(
            try await eventually {
                (json(site.broker.retained[property])["Data"] as? [String: Any])?["IsInside"] as? Bool == false
            })
        try await site.stop()
    }

    @Test func `what leaves the configuration is emptied, at a reload and over a restart`() async throws {
        let site = try site(["cam-01", "cam-02"])
        try await site.start()
        // The site's own entity; of each camera three and, of its rule, two; a state and a property of each rule.
        #expect(try await eventually { foreign(site).count == 1 + 2 * (3 + 2) + 2 + 2 })
        let all = foreign(site)
        let report = try site.reload { $0.cameras.removeLast() }
        #expect(report.outcome == .applied)
        #expect(try await eventually { foreign(site) == all.filter { !$0.contains("cam-02") } })
        try await site.stop()
        let count = foreign(site).count
        site.configure {
            let old = $0.cameras[0].zones[0]
            let zone = Zone(id: "np2", name: "", polygon: old.zone.polygon)
            $0.cameras[0].zones = [WatchedZone(zone: zone, rules: old.rules)]
        }
        try await site.start()
        #expect(
            try await eventually { foreign(site).count == count && !foreign(site).contains { $0.contains("np1") } })
        try await site.stop()
        site.configure { $0.dialects = [] }
        try await site.start()
        #expect(try await eventually { foreign(site).isEmpty })
        try await site.stop()
    }

    @Test func `a reload brings a dialect, which tells what is open, and takes it away`() async throws {
        let site = try site()
        site.configure { $0.dialects = [] }
        try await site.start()
        try await site.look(from: 0, through: 40)
        #expect(try await eventually { !site.alerts.isEmpty })
        #expect(foreign(site).isEmpty && frigate(site).isEmpty)
        _ = try site.reload { $0.dialects = [HomeAssistantDiscovery(), FrigateDialect()] }
        #expect(try await eventually { json(site.broker.retained[state])["open"] as? Int == 1 })
        #expect(try await eventually { frigate(site).first?.type == "new" })
        _ = try site.reload { $0.dialects = [FrigateDialect()] }
        #expect(try await eventually { foreign(site).allSatisfy { $0.hasPrefix("frigate/") } })
        site.park([])
        try await site.look(from: 42, through: 80)
        #expect(try await eventually { frigate(site).last?.type == "end" })
        try await site.stop()
    }

    @Test func `a broker that was away or forgot is told all of it again, and each incident still ends once`()
        async throws
    {
        let site = try site()
        try await site.start()
        try await site.look(from: 0, through: 40)
        #expect(try await eventually { frigate(site).first?.type == "new" })
        site.broker.goesAway()
        site.park([])
        try await site.look(from: 42, through: 80)
        try await site.stop()
        site.broker.forget()
        site.broker.comesBack()
        try await site.start()
        #expect(try await eventually { frigate(site).last?.type == "end" })
        // What was open is told again before its end is.
        #expect(
            try await eventually {
                let now = json(site.broker.retained[state])
                return now["opened"] as? Int == 1 && now["open"] as? Int == 0
            }, "\(json(site.broker.retained[state])), \(site.alerts.states()), \(frigate(site).map(\.type))")
        #expect(frigate(site).count { $0.type == "end" } == 1)
        #expect(try await eventually { foreign(site).contains { $0.hasPrefix("homeassistant/image/") } })
        try await site.stop()
    }

    @Test func `a broker that takes nothing of a dialect gets every alert, and the site says what is refused`()
        async throws
    {
        let site = try site(isPublishing: false)
        site.broker.refuses { !$0.topic.hasPrefix("mg/v1/") }
        try await site.start()
        try await site.look(from: 0, through: 40)
        site.park([])
        try await site.look(from: 42, through: 80)
        #expect(try await eventually { site.alerts.last?.data.incident.state == "closed" })
        #expect(site.alerts.map { Int($0.sequence) } == Array(1...site.alerts.count))
        func troubled() -> [String] {
            let state = site.broker.retained.first { $0.key.hasPrefix("mg/v1/site/") }
            let report = state.flatMap { try? SiteReport(json: Data($0.value.payload)) }
            return report?.sinks?.filter { $0.trouble?.refused == true }.map(\.name) ?? []
        }
        #expect(try await eventually { Set(troubled()).isSuperset(of: ["dialect_home_assistant", "dialect_onvif"]) })
        #expect(foreign(site).isEmpty && frigate(site).isEmpty)
        try await site.stop()
    }

    @Test func `without leave to publish pictures no picture and no image entity leaves the box`() async throws {
        let site = try site(isPublishing: false)
        try await site.start()
        try await site.look(from: 0, through: 40)
        #expect(try await eventually { site.alerts.contains { !$0.data.evidence.isEmpty } })
        #expect(try await eventually { frigate(site).count >= 1 })
        #expect(!foreign(site).contains { $0.contains("picture") || $0.contains("snapshot") })
        try await site.stop()
    }
}
