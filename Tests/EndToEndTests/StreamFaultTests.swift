import Contract
import Foundation
import MQTT
import Synchronization
import TestSupport
import Testing

/// Streams that change or break under way, with the real program.
@Suite(.tags(.alone), .waiting) struct StreamFaultTests {
    private static let dwell = 25.0

    /// What a centre has heard.
    private final class Screen: Sendable {
        let client: MQTTClient
        private let heard = Mutex<(reports: [CameraReport], events: [AlertEvent])>(([], []))

        init(_ broker: Broker) async throws {
            client = MQTTClient(MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: "screen"))
            try client.start()
            try await client.waitForConnection()
            for filter in ["mg/v1/alert/#", "mg/v1/camera/#"] { try await client.subscribe(filter) }
            Task { [weak self, client] in
                for await message in client.messages {
                    let data = Data(message.payload)
                    self?.heard.withLock { heard in
                        if let event = try? AlertEvent(json: data) { heard.events.append(event) }
                        if let report = try? CameraReport(json: data) { heard.reports.append(report) }
                    }
                }
            }
        }

        func reports(_ camera: String) -> [CameraReport] { heard.withLock(\.reports).filter { $0.camera == camera } }
        func opened(_ camera: String) -> [AlertEvent] {
            heard.withLock(\.events).filter { $0.data.camera.id == camera && $0.data.incident.state == "opened" }
        }
        func events(_ camera: String) -> [AlertEvent] {
            heard.withLock(\.events).filter { $0.data.camera.id == camera }
        }
    }

    /// The sedan of `parking.mp4` stands from 29 s to 104 s of the clip.
    private static func camera(_ id: String, _ url: String) -> String {
        WatchedLane.camera(id, url, "open_timeout: 4", "read_timeout: 3", dwell: dwell)
    }

    @Test(.enabled(if: WatchedLane.isReady, "needs 'make models' and ../shared/footage"), .waiting(minutes: 4))
    func `streams that change their size or break are told, go on by themselves, and leave the others alone`()
        async throws
    {
        let folder = try TemporaryFolder()
        let clip = try #require(Footage.clip("composed/parking.mp4"))
        let (small, large) = ((width: 640, height: 360), (width: 1280, height: 720))
        func part(_ from: Double, _ seconds: Double, _ size: (width: Int, height: Int)) throws -> String {
            try Footage.cut(clip, in: folder, from: from, seconds: seconds, size: size)
        }
        let broker = try Broker()
        defer { broker.stop() }
        // Within a session, after 18 s.
        let joined = try Footage.join([part(24, 18, small), part(42, 55, large)], in: folder)
        let inband = try RTSPServer(clip: joined, loops: false)
        defer { inband.stop() }
        // The same address, published anew with another size.
        let before = try RTSPServer(clip: part(24, 60, small), loops: false)
        defer { before.stop() }
        let later = try part(40, 60, large)
        // Flipped bits between camera and daemon. Each session begins with the car standing there.
        let source = try RTSPServer(clip: part(35, 65, small), loops: false)
        defer { source.stop() }
        let proxy = try FaultProxy(to: source.port, seed: 7)
        defer { proxy.stop() }
        let calm = try RTSPServer(clip: part(24, 75, small), loops: false)
        defer { calm.stop() }
        let screen = try await Screen(broker)
        let daemon = try RunningDaemon(
            """
            site: {id: s1, area: "320583102201", state_directory: \(folder.file("state").path), models_directory: \(WatchedLane.models)}
            broker: {host: 127.0.0.1, port: \(broker.port)}
            evidence: {enabled: false}
            cameras:

            """ + Self.camera("inband", inband.url) + Self.camera("published", before.url)
                + Self.camera("flipped", source.url.replacing(":\(source.port)/", with: ":\(proxy.port)/"))
                + Self.camera("calm", calm.url), in: folder)
        defer { daemon.end() }
        let cameras = ["inband", "published", "flipped", "calm"]
        #expect(
            try await eventually(seconds: 15) {
                cameras.allSatisfy { screen.reports($0).last?.state == .online }
            })

        try await Task.sleep(for: .seconds(12))
        let broken = Date()
        proxy.set(.corrupt(every: 1000))
        before.stop()
        #expect(try await eventually(seconds: 10) { screen.reports("published").last?.state == .offline })
        let published = try RTSPServer(clip: later, loops: false, port: before.port)
        defer { published.stop() }
        #expect(try await eventually(seconds: 15) { screen.reports("flipped").last?.state == .offline })
        #expect(proxy.corrupted > 0)
        proxy.set(.none)

        for camera in cameras {
            #expect(try await eventually(seconds: 45) { !screen.opened(camera).isEmpty }, "\(camera)")
        }
        for camera in cameras {
            // It came to rest within 5 s of the first picture. Since then, whatever happened to the stream, once.
            let observed = try #require(screen.opened(camera).first).data.observed
            #expect(screen.events(camera).count == 1, "\(camera): \(screen.events(camera).map(\.data.incident.state))")
            #expect((Self.dwell...Self.dwell + 6).contains(observed.dwellSeconds), "\(camera): \(observed)")
            let firstSeen = try #require(RFC3339.date(from: observed.firstSeen))
            #expect(firstSeen < broken, "\(camera): \(firstSeen), broken at \(broken)")
            #expect(screen.reports(camera).last?.state == .online, "\(camera): \(screen.reports(camera))")
        }
        let states = screen.reports("inband").map(\.state)
        #expect(Set(states) == [.online])
        for camera in ["inband", "published"] {
            let warnings = screen.reports(camera).compactMap(\.warning)
            #expect(
                warnings.contains { $0.contains("size changed from 640x360 to 1280x720") }, "\(camera): \(warnings)")
        }
        // Online, the size of its pictures, how its clock stands once RTCP tells it, and once how small a car is found, when it has
        // learnt how large they are: nothing else.
        let calmly = screen.reports("calm")
        let learnt = zip(calmly, calmly.dropFirst()).count { before, after in
            before.picture?.zones != nil && before.picture?.zones != after.picture?.zones
        }
        #expect(learnt <= 1 && (2...3).contains(calmly.count - learnt), "\(calmly)")
        #expect(calmly.allSatisfy { $0.state == .online && $0.warning == nil }, "\(calmly)")
        let offset = try #require(calmly.last?.clockOffsetMilliseconds)
        #expect(abs(offset) < 2000)
        let reasons = screen.reports("flipped").compactMap(\.reason) + screen.reports("published").compactMap(\.reason)
        #expect(reasons.count >= 2 && reasons.allSatisfy { !$0.isEmpty })
        #expect(daemon.stop() == 0)
        await screen.client.close()
    }
}
