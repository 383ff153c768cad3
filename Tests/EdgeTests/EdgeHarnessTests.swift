import Analytics
import Contract
import Delivery
import Domain
import Edge
import EdgeSupport
import Foundation
import Inference
import MQTT
import Pipeline
import Store
import Synchronization
import TestSupport
import Testing
import Video

/// The composition of a site as a whole: pictures go in at one end, and at the other a broker has what the contract says.
@Suite(.waiting) struct EdgeHarnessTests {
    private static let car = Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)

    private func site(_ cameras: [String] = ["cam-01"]) throws -> EdgeHarness {
        let site = try EdgeHarness(cameras: cameras)
        site.park([Self.car])
        return site
    }

    /// That nothing is missing, nothing comes twice and nothing overtakes.
    private func isWhole(_ alerts: [AlertEvent]) -> Bool {
        alerts.map { Int($0.sequence) } == Array(1...max(1, alerts.count))
            && Set(alerts.map(\.id)).count == alerts.count
    }

    @Test func `a parked car is one incident, which reaches the broker with its pictures and ends when it leaves`()
        async throws
    {
        let site = try site()
        try await site.start()
        try await site.look(from: 0, through: 40)
        #expect(try await eventually { site.alerts.contains { !$0.data.evidence.isEmpty } })
        let told = site.alerts
        #expect(Set(told.map(\.subject)).count == 1 && told.states(of: "cam-01") == ["opened"])
        #expect(told[0].data.observed.dwellSeconds == 30)
        let pictures = told.flatMap(\.data.evidence)
        #expect(pictures.map(\.role).contains("panorama-confirming"))
        #expect(pictures.allSatisfy { $0.masked && site.has($0) })
        #expect(site.retainedIncidents == [told[0].subject])

        site.park([])
        try await site.look(from: 42, through: 80)
        #expect(try await eventually { site.alerts.states(of: "cam-01") == ["opened", "closed"] })
        #expect(try await eventually { site.retainedIncidents.isEmpty })
        try await site.stop()
        #expect(isWhole(site.alerts))
    }

    @Test func `a camera that is watched for motor vehicles alone has their network, and its alerts name it`()
        async throws
    {
        let site = try site(["cam-01", "cam-02"])
        let all = site.settings.models.all.inputs[0]
        site.configure { settings in
            settings.models = DetectorModels(
                all: DetectionModel(all),
                vehicles: DetectionModel(
                    Model(
                        name: "for vehicles", version: "2", sha256: all.sha256, path: all.path, width: all.width,
                        height: all.height, classes: all.classes, engine: all.engine, head: all.head)))
            let other = settings.cameras[1].zones[0]
            var rules = other.rules
            rules[.crowd] = Rules[.crowd]?.settings(of: .crowd)
            settings.cameras[1].zones = [WatchedZone(zone: other.zone, rules: rules)]
        }
        try await site.start()
        for camera in ["cam-01", "cam-02"] { try await site.look(camera, from: 0, through: 30) }
        #expect(try await eventually { Set(site.alerts.map(\.data.camera.id)) == ["cam-01", "cam-02"] })
        let models = Dictionary(site.alerts.map { ($0.data.camera.id, $0.data.provenance.model) }) { $1 }
        #expect(models["cam-01"]?.name == "for vehicles" && models["cam-01"]?.version == "2")
        #expect(models["cam-02"]?.name == "net" && models["cam-02"]?.version == "1")
        try await site.stop()
    }

    @Test func `a reload that takes a camera out closes what is open there, and touches no other`() async throws {
        let site = try site(["cam-01", "cam-02"])
        try await site.start()
        for camera in ["cam-01", "cam-02"] { try await site.look(camera, from: 0, through: 30) }
        #expect(try await eventually { Set(site.alerts.map(\.data.camera.id)) == ["cam-01", "cam-02"] })
        let (kept, gone) = (try #require(site.source("cam-01")), try #require(site.source("cam-02")))

        let report = try site.reload { $0.cameras.removeLast() }
        #expect(report.outcome == .applied && report.kept == ["cam-01"] && report.stopped == ["cam-02"])
        #expect(gone.isStopped && !kept.isStopped && site.source("cam-01") === kept)
        #expect(try await eventually { site.alerts.states(of: "cam-02") == ["opened", "closed"] })
        func end(_ camera: String) -> AlertEvent? {
            site.alerts.first { $0.data.camera.id == camera && $0.data.incident.state == "closed" }
        }
        let lost = try #require(end("cam-02"))
        #expect(lost.data.incident.reason == "camera_lost")
        #expect(lost.data.provenance.configurationSHA256 == report.sha256)
        // Alerts name the configuration that they were made by.
        site.park([])
        try await site.look("cam-01", from: 32, through: 80)
        #expect(try await eventually { site.alerts.states(of: "cam-01") == ["opened", "closed"] })
        #expect(end("cam-01")?.data.provenance.configurationSHA256 == site.settings.site.configurationSHA256)
        try await site.stop()
        #expect(isWhole(site.alerts))
    }

    @Test func `alerts of reloaded cameras name the new configuration from the first one, those before it the old one`()
        async throws
    {
        let site = try site(["cam-01", "cam-02", "cam-03"])
        try await site.start()
        try await site.look("cam-03", from: 0, through: 30)
        try await site.look("cam-01", from: 0, through: 20)
        #expect(try await eventually { site.alerts.states(of: "cam-03") == ["opened"] })
        let before = site.settings.site.configurationSHA256
        // While the reload makes the second camera, the first one runs already.
        let gate = DispatchSemaphore(value: 0)
        let old = site.source("cam-01")
        site.beforeMaking { if $0 == "cam-02" { gate.wait() } }
        let report = Mutex<ReloadReport?>(nil)
        Thread.detachNewThread {
            let made = try? site.reload { settings in
                for index in 0...1 { settings.cameras[index].identity.name += " anew" }
            }
            report.withLock { $0 = made }
        }
        #expect(try await eventually { site.source("cam-01") !== old && site.source("cam-01")?.start != nil })
        try await site.look("cam-01", from: 26, through: 44)
        #expect(try await eventually { site.alerts.states(of: "cam-01") == ["opened"] })
        #expect(report.withLock { $0 == nil })
        gate.signal()
        #expect(try await eventually { report.withLock { $0?.restarted == ["cam-01", "cam-02"] } })
        let named = Dictionary(grouping: site.alerts, by: \.data.camera.id)
            .mapValues { Set($0.map(\.data.provenance.configurationSHA256)) }
        #expect(named == ["cam-03": [before], "cam-01": [site.settings.site.configurationSHA256]])
        try await site.stop()
    }

    @Test func `a main stream that a reload brings is used from then on, and is not when it is taken out`() async throws
    {
        let site = try site()
        try await site.start()
        func streams(of subject: String) -> [[String?]] {
            site.alerts.filter { $0.subject == subject && !$0.data.evidence.isEmpty }.map { alert in
                alert.data.evidence.filter { $0.role == "close-up" }.map(\.stream)
            }
        }
        try await site.look(from: 0, through: 30)
        #expect(try await eventually { site.alerts.contains { !$0.data.evidence.isEmpty } })
        let first = try #require(site.alerts.first?.subject)
        #expect(streams(of: first).joined().allSatisfy { $0 == nil } && site.detailsOpened == 0)

        let detail = Camera.Settings(url: CameraURL("rtsp://127.0.0.1:1/main"))
        let report = try site.reload { $0.cameras[0].detail = detail }
        #expect(report.outcome == .applied && report.restarted == ["cam-01"])
        let other = Box(x: 0.1, y: 0.7, width: 0.2, height: 0.2)
        site.park([Self.car, other])
        try await site.look(from: 36, through: 90)
        func second() -> String? { site.alerts.map(\.subject).first { $0 != first } }
        #expect(try await eventually { second().map { streams(of: $0).joined().contains("main") } == true })
        #expect(site.detailsOpened > 0)
        let status = try StatusClient.status(of: site.settings.stateFolder).cameras[0]
        #expect(status.detailPictures?.first?.outcome == "used" && (status.detailPictures?.first?.count ?? 0) > 0)

        let opened = site.detailsOpened
        #expect(try site.reload { $0.cameras[0].detail = nil }.outcome == .applied)
        site.park([])
        try await site.look(from: 96, through: 130)
        site.park([other])
        try await site.look(from: 132, through: 190)
        #expect(try await eventually { site.alerts.states(of: "cam-01").count { $0 == "opened" } == 3 })
        try await site.stop()
        #expect(site.detailsOpened == opened && isWhole(site.alerts))
    }

    @Test func `a stop and a new start on the same folder lose nothing and repeat nothing`() async throws {
        let site = try site()
        try await site.start()
        try await site.look(from: 0, through: 20)
        try await site.stop()
        #expect(site.alerts.isEmpty)

        // What stood there goes on standing: begun anew, it would be told at 56 s.
        try await site.start()
        try await site.look(from: 26, through: 44)
        #expect(try await eventually { site.alerts.states(of: "cam-01") == ["opened"] })
        try await site.stop()

        // What the broker has not had yet goes after the next start.
        site.broker.goesAway()
        try await site.start()
        site.park([])
        try await site.look(from: 60, through: 110)
        try await site.stop()
        #expect(site.alerts.states(of: "cam-01") == ["opened"])
        site.broker.comesBack()
        try await site.start()
        #expect(try await eventually { site.alerts.states(of: "cam-01") == ["opened", "closed"] })
        try await site.stop()
        #expect(isWhole(site.alerts) && Set(site.alerts.map(\.subject)).count == 1)
    }

    @Test
    func `a reload brings a webhook, which begins there, changes it, which goes on where it was, and takes it away`()
        async throws
    {
        let site = try site()
        let (first, second) = (try await Receiver { _, _ in .init(status: 503) }, try await Receiver())
        func posted(_ receiver: Receiver) throws -> [String] {
            try receiver.requests.map { try AlertEvent(json: Data($0.body)).id }
        }
        try await site.start()
        try await site.look(from: 0, through: 30)
        #expect(try await eventually { site.alerts.states(of: "cam-01") == ["opened"] })
        let store = try Outbox(reading: site.settings.stateFolder.appending(path: "outbox.sqlite"))
        func sinks() throws -> [String] { try store.sinkReports().map(\.name) }
        #expect(try sinks().isEmpty)
        #expect(
            try site.reload { $0.webhooks = [WebhookSettings(name: "desk", url: first.url)] }.outcome == .applied)
        #expect(try await eventually { try sinks() == ["desk"] })
        let told = site.alerts.count
        site.park([])
        try await site.look(from: 32, through: 80)
        #expect(try await eventually { site.alerts.states(of: "cam-01") == ["opened", "closed"] })
        #expect(try await eventually { !first.requests.isEmpty })
        #expect(try site.reload { $0.webhooks[0].url = second.url }.outcome == .applied)
        #expect(try await eventually { second.requests.count == site.alerts.count - told })
        #expect(try posted(second) == site.alerts.dropFirst(told).map(\.id))
        #expect(try Set(posted(first)) == [posted(second)[0]])

        #expect(try site.reload { $0.webhooks = [] }.outcome == .applied)
        #expect(try await eventually { try sinks().isEmpty })
        let asked = second.requests.count
        site.park([Self.car])
        try await site.look(from: 82, through: 130)
        #expect(try await eventually { site.alerts.states(of: "cam-01").count == 3 })
        try await site.stop()
        #expect(second.requests.count == asked)
        for receiver in [first, second] { await receiver.close() }
    }

    @Test func `a reload lets go what the broker refuses, where it is to be skipped from then on`() async throws {
        let site = try site(["cam-01", "cam-02"])
        let topics = site.settings.topics
        site.broker.refuses {
            topics.isChannel(.alert, $0.topic) && String(decoding: $0.payload, as: UTF8.self).contains("cam-01")
        }
        try await site.start()
        for camera in ["cam-01", "cam-02"] { try await site.look(camera, from: 0, through: 30) }
        let own = topics.site(site.settings.site.place, id: "edge-01")
        #expect(
            try await eventually {
                guard let state = site.broker.retained[own] else { return false }
                return try SiteReport(json: Data(state.payload)).blocked?.sequence == 1
            })
        #expect(try site.reload { $0.refusals = .skip }.outcome == .applied)
        #expect(try await eventually { site.alerts.states(of: "cam-02") == ["opened"] })
        try await site.stop()
        #expect(site.alerts.states(of: "cam-01").isEmpty)
    }

    @Test func `what the broker refuses is held with all behind it, and all goes in sequence once it is taken`()
        async throws
    {
        let site = try site(["cam-01", "cam-02"])
        let topics = site.settings.topics
        site.broker.refuses { topics.isChannel(.alert, $0.topic) }
        try await site.start()
        for camera in ["cam-01", "cam-02"] { try await site.look(camera, from: 0, through: 30) }
        let place = site.settings.site.place
        let own = topics.site(place, id: "edge-01")
        // The site says that it is held up, and by what.
        #expect(
            try await eventually {
                guard let state = site.broker.retained[own] else { return false }
                return try SiteReport(json: Data(state.payload)).blocked?.sequence == 1
            })
        #expect(site.alerts.isEmpty)

        site.broker.refuses(nil)
        #expect(try await eventually { Set(site.alerts.map(\.data.camera.id)) == ["cam-01", "cam-02"] })
        try await site.stop()
        #expect(isWhole(site.alerts))
    }

    @Test func `a review that comes in ends the incident, is answered, and the car is not told again`() async throws {
        let site = try site()
        try await site.start()
        try await site.look(from: 0, through: 30)
        #expect(try await eventually { !site.alerts.isEmpty })
        let incident = try #require(site.alerts.first?.subject)
        let topics = site.settings.topics
        site.broker.publish(
            MQTTMessage(
                topic: topics.inbound(.review, site.settings.site.place, site: "edge-01"),
                text: #"{"id":"r-1","incident":"\#(incident)","verdict":"false_positive","by":"worker-17"}"#))
        #expect(try await eventually { site.alerts.states(of: "cam-01") == ["opened", "withdrawn"] })
        #expect(try await eventually { site.broker.received.contains { topics.isChannel(.reply, $0.topic) } })
        try await site.look(from: 32, through: 100)
        try await site.stop()
        #expect(site.alerts.states(of: "cam-01") == ["opened", "withdrawn"] && isWhole(site.alerts))
        #expect(site.retainedIncidents.isEmpty)
    }
}
