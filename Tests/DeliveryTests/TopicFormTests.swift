import Domain
import Foundation
import Logging
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import Hashing
@testable import MQTT
@testable import Store

/// Kinds in topics with an underscore, on a real broker.
@Suite(.waiting(minutes: 2))
struct TopicFormTests {
    private var fixtures: Fixtures
    private let folder: TemporaryFolder
    private let outbox: Outbox
    private let broker: Broker

    init() throws {
        fixtures = try Fixtures()
        folder = try TemporaryFolder()
        outbox = try Outbox(file: folder.file("outbox.sqlite"), sendsPictures: true)
        broker = try Broker()
    }

    /// Runs a publisher with this form until all is delivered and `isDone` holds.
    private func publish(
        _ form: AlertTopics.KindForm, pictures: URL? = nil, until isDone: @Sendable () throws -> Bool
    ) async throws {
        var fixtures = fixtures
        fixtures.topics = AlertTopics(kinds: form)
        let publisher = Publisher(
            outbox: outbox, broker: fixtures.settings(port: broker.port), topics: fixtures.topics, site: fixtures.site,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, places: [fixtures.camera.place],
            pictures: pictures)
        let run = Task { try await publisher.run() }
        #expect(try await eventually { try outbox.counts().undelivered == 0 && isDone() })
        run.cancel()
        try await run.value
        await publisher.drain(within: Patience.seconds(5))
    }

    private func retained() async throws -> Set<String> {
        let screen = try await Subscriber(port: broker.port, filter: "mg/v1/open/#")
        try await screen.client.subscribe("none")
        try await screen.client.publish(MQTTMessage(topic: "mg/v1/open/end", text: "end"))
        #expect(try await eventually { screen.messages.contains { $0.topic == "mg/v1/open/end" } })
        await screen.client.close()
        return Set(screen.messages.filter { $0.retain && !$0.payload.isEmpty }.map(\.topic))
    }

    @Test func `what waits goes out in the form that is set, pictures too, and JSON keeps the dot`() async throws {
        let bytes = Array("picture".utf8)
        let incident = fixtures.incident()
        let reference = EvidenceReference(
            role: "panorama-first", sha256: try SHA256.hex(bytes), bytes: bytes.count, masked: true, taken: Date(),
            path: "p.jpg")
        try Data(bytes).write(to: folder.file("p.jpg"))
        try outbox.append(incident) {
            var envelope = fixtures.envelope($0)
            envelope.evidence = [reference]
            return try envelope.message(sequence: $1, topics: AlertTopics())
        }
        let screen = try await Subscriber(port: broker.port, filter: "mg/v1/#")
        try await publish(.underscored, pictures: folder.url) {
            screen.messages.contains { $0.topic.hasPrefix("mg/v1/evidence/") }
        }
        let kinds = screen.messages.filter { !$0.topic.hasPrefix("mg/v1/site/") }.map {
            "\($0.topic.split(separator: "/")[2]) \($0.topic.split(separator: "/")[10])"
        }
        #expect(Set(kinds) == ["alert parking_motor", "open parking_motor", "evidence parking_motor"])
        #expect(Set(screen.events.map(\.data.kind)) == ["parking.motor"])
        await screen.client.close()
    }

    @Test func `over a change of the form, to and fro, an open incident is retained once`() async throws {
        let incident = fixtures.incident()
        try fixtures.append(incident, to: outbox)
        let home = AlertTopics().open(fixtures.camera.place, incident.kind, incident: incident.id)
        let forms: [(AlertTopics.KindForm, String)] = [
            (.dotted, home), (.underscored, home.replacing("parking.motor", with: "parking_motor")), (.dotted, home),
        ]
        let screen = try await Subscriber(port: broker.port, filter: "mg/v1/open/#")
        for (index, (form, topic)) in forms.enumerated() {
            try await publish(form) { screen.messages.filter { $0.payload.isEmpty }.count == index }
            #expect(try await retained() == [topic])
        }
        await screen.client.close()
    }
}
