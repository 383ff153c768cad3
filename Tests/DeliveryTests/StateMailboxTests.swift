import Domain
import Foundation
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import MQTT
@testable import Store

/// States of cameras on their way to a broker that may not take them.
struct StateMailboxTests {
    private let fixtures: Fixtures

    init() throws { fixtures = try Fixtures() }

    private func report(_ camera: CameraIdentity, _ state: CameraReport.State) -> CameraReport {
        CameraReport(camera: camera, site: fixtures.site, state: state)
    }

    @Test func `the newest state of each topic waits, once, and a new connection is told all`() {
        let mailbox = StateMailbox()
        for (topic, text) in [("a", "1"), ("b", "1"), ("a", "2"), ("a", "3")] {
            mailbox.post(MQTTMessage(topic: topic, text: text))
        }
        #expect(mailbox.takeDue().map { "\($0.topic)\(String(decoding: $0.payload, as: UTF8.self))" } == ["a3", "b1"])
        #expect(mailbox.takeDue().isEmpty)
        mailbox.post(MQTTMessage(topic: "c", text: "1"))
        #expect(mailbox.takeAll().map(\.topic) == ["a", "b", "c"])
        #expect(mailbox.takeDue().isEmpty)
        mailbox.post(MQTTMessage(topic: "b", text: "2"))
        mailbox.keep(["a", "c"])
        #expect(mailbox.takeDue().isEmpty && mailbox.takeAll().map(\.topic) == ["a", "c"])
    }

    @Test(.waiting(minutes: 2))
    func `a broker that acknowledges nothing holds up nobody who tells a state, and has the newest at the end`()
        async throws
    {
        let broker = try Broker()
        let proxy = try FaultProxy(to: broker.port)
        let screen = try await Subscriber(port: broker.port, filter: "mg/v1/camera/#")
        let folder = try TemporaryFolder()
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        let publisher = fixtures.publisher(outbox, port: proxy.port)
        let run = Task { try await publisher.run() }
        publisher.post(report(fixtures.camera, .online), at: fixtures.camera.place)
        #expect(try await eventually { screen.messages.count == 1 })
        proxy.set(.unacknowledged)
        // Before, the second of them waited without end.
        for number in 0..<1000 {
            publisher.post(
                report(fixtures.camera, number.isMultiple(of: 2) ? .blind : .frozen), at: fixtures.camera.place)
        }
        await publisher.serve([fixtures.camera])
        proxy.set(.none)
        proxy.reset()
        #expect(
            try await eventually {
                try screen.messages.last.map { try CameraReport(json: Data($0.payload)).state } == .frozen
            })
        // Those between were replaced by newer ones before they went out.
        #expect(screen.messages.count < 1000)
        run.cancel()
        try await run.value
        await publisher.drain(within: Patience.seconds(5))
        try await screen.close()
        withExtendedLifetime(proxy) {}
    }
}
