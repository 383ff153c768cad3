import Domain
import Foundation
import Hashing
import MQTT
import Runtime
import Store
import Synchronization
import TestSupport
import Testing

@testable import Centre
@testable import Contract

@Suite(.waiting) struct DepartmentTests {
    private static let route = CaseRules.Route(
        name: "police", kinds: "parking.*", area: "320583", department: "traffic-police", hasTopic: true,
        hasWebhook: true)

    /// A room with one case that was sent on, and what brings it there.
    private func dispatched(
        _ webhooks: [CaseWebhook], publish: @escaping @Sendable (MQTTMessage) async throws -> Void = { _ in }
    ) throws -> (Room, String, Courier) {
        let (room, street) = (try Room { $0.routes = [Self.route] }, try Street())
        room.take(try street.alert(street.incident(at: room.time.now), 1))
        let id = try #require(try room.cases(.found).first).id
        _ = try room.desk.take(.step(.accept), case: id)
        _ = try room.desk.take(.step(.dispatch, note: "please tow"), case: id)
        let time = room.time
        let courier = Courier(
            room.store, webhooks: webhooks, software: "gridwarden/test", now: { time.date }, logger: noLogger,
            publish: publish)
        return (room, id, courier)
    }

    @Test func `a department is told by topic and by webhook, signed, under one id`() async throws {
        let receiver = try await Receiver()
        let held = Held()
        let (room, id, courier) = try dispatched([CaseWebhook(route: "police", url: receiver.url, secret: "s3cret")]) {
            held.add($0)
        }
        try await courier.advance()
        #expect(try await eventually { try room.file(id).deliveries.allSatisfy { $0.done != nil } })
        let request = try #require(receiver.requests.first)
        let time = try #require(request.headers["x-gridwarden-timestamp"])
        let signature = try HMAC.sha256(Array("\(time).".utf8) + request.body, key: Array("s3cret".utf8))
        #expect(request.headers["x-gridwarden-signature"] == "sha256=\(signature)")
        let event = try #require(try JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any])
        #expect(event["type"] as? String == "gridwarden.case.dispatched.v1" && event["subject"] as? String == id)
        #expect(request.headers["idempotency-key"] == event["id"] as? String)
        let data = try #require(event["data"] as? [String: Any])
        #expect(data["record"] == nil)
        #expect(data["note"] as? String == "please tow" && data["department"] as? String == "traffic-police")
        let message = try #require(held.messages.first)
        #expect(message.payload == request.body)
        #expect(
            message.topic
                == "mg/v1/dept/traffic-police/32/3205/320583/320583102/320583102201/003/parking.motor/\(id)")
        await courier.close()
        await receiver.close()
    }

    private final class Held: Sendable {
        private let state = Mutex<[MQTTMessage]>([])
        func add(_ message: MQTTMessage) { state.withLock { $0.append(message) } }
        var messages: [MQTTMessage] { state.withLock(\.self) }
    }

    @Test func `what is not taken is tried again for three days, is then dead, and is sent again on request`()
        async throws
    {
        let receiver = try await Receiver { _, _ in .init(status: 503) }
        let (room, id, courier) = try dispatched([CaseWebhook(route: "police", url: receiver.url, secret: nil)])
        func webhook() throws -> CaseFile.Delivery {
            try #require(try room.file(id).deliveries.first { $0.route == "police:webhook" })
        }
        for (number, wait) in [0.0, 5, 30, 120, 600, 3600].enumerated() {
            room.time.pass(wait)
            try await courier.advance()
            #expect(try await eventually { try webhook().attempts == number + 1 })
        }
        #expect(try webhook().error?.contains("503") ?? false)
        room.time.pass(72 * 3600)
        try await courier.advance()
        #expect(try await eventually { try webhook().dead != nil })
        room.time.pass(86_400)
        try await courier.advance()
        #expect(try room.queries.deadDeliveries().count == 1 && webhook().attempts == 7)
        #expect(receiver.requests.allSatisfy { $0.headers["x-gridwarden-signature"] == nil })
        #expect(Set(receiver.requests.compactMap { $0.headers["idempotency-key"] }).count == 1)
        receiver.answers { _, _ in .init() }
        #expect(try !room.desk.retry(delivery: "none") && room.desk.retry(delivery: try webhook().id))
        try await courier.advance()
        #expect(try await eventually { try webhook().done != nil })
        await courier.close()
        await receiver.close()
    }

    @Test func `what is refused for good is dead at once, and one way stops no other`() async throws {
        let receiver = try await Receiver { _, _ in .init(status: 422) }
        let (room, id, courier) = try dispatched([CaseWebhook(route: "police", url: receiver.url, secret: nil)])
        try await courier.advance()
        #expect(
            try await eventually {
                let deliveries = try room.file(id).deliveries
                return deliveries.contains { $0.route == "police:webhook" && $0.dead != nil && $0.attempts == 1 }
                    && deliveries.contains { $0.route == "police:topic" && $0.done != nil }
            })
        await courier.close()
        await receiver.close()
    }

    @Test(arguments: StoreKind.here)
    func `a case that is sent back goes again, and one that is taken back is recalled, in this order`(
        on kind: StoreKind
    ) async throws {
        let receiver = try await Receiver { _, index in .init(status: index == 0 ? 503 : 204) }
        let (room, street) = (try Room(kind) { $0.routes = [Self.route] }, try Street())
        let incident = street.incident(at: room.time.now)
        room.take(try street.alert(incident, 1))
        let id = try #require(try room.cases(.found).first).id
        for action in [CaseAction.accept, .dispatch] { _ = try room.desk.take(.step(action), case: id) }
        let time = room.time
        let courier = Courier(
            room.store, webhooks: [CaseWebhook(route: "police", url: receiver.url, secret: nil)], software: "t",
            now: { time.date }, logger: noLogger, publish: { _ in })
        try await courier.advance()
        #expect(try await eventually { receiver.requests.count == 1 })
        room.take(try street.alert(incident.judged(.falsePositive), 2))
        #expect(try room.file(id).item.stage == .withdrawn)
        try await courier.advance()
        #expect(receiver.requests.count == 1)
        room.time.pass(6)
        try await courier.advance()
        #expect(try await eventually { receiver.requests.count == 3 })
        let types = receiver.requests.map { String(decoding: $0.body, as: UTF8.self).contains("recalled") }
        #expect(types == [false, false, true])
        await courier.close()
        await receiver.close()
    }

    @Test func `an answer of a department on its topic handles the case once, and one that does not fit is refused`()
        throws
    {
        let (room, street) = (try Room { $0.routes = [Self.route] }, try Street())
        room.take(try street.alert(street.incident(at: room.time.now), 1))
        let id = try #require(try room.cases(.found).first).id
        for action in [CaseAction.accept, .dispatch] { _ = try room.desk.take(.step(action), case: id) }
        func topic(_ department: String) -> String {
            "mg/v1/answer/\(department)/32/3205/320583/320583102/320583102201/003/parking.motor/\(id)"
        }
        func answer(
            _ action: String, _ request: String, of department: String = "traffic-police", on subject: String? = nil
        ) throws -> MQTTMessage {
            let event: [String: Any] = [
                "specversion": "1.0", "id": request, "source": "/desk", "type": "gridwarden.case.\(action).v1",
                "subject": subject ?? id, "data": ["request_id": request, "by": "li", "note": "towed"],
            ]
            return MQTTMessage(
                topic: topic(department), payload: Array(try JSONSerialization.data(withJSONObject: event)))
        }
        // Not told, no such step, another case, no JSON.
        room.take(
            try answer("handled", "r1", of: "city-management"), try answer("check", "r2"),
            try answer("handled", "r3", on: "other"),
            MQTTMessage(topic: topic("traffic-police"), payload: Array("{".utf8)))
        #expect(
            try room.queries.refusals().map(\.reason).sorted() == ["malformed", "malformed", "mismatch", "mismatch"])
        #expect(try room.file(id).item.stage == .dispatched)

        room.take(try answer("note", "r4"), try answer("handled", "r5"))
        room.take(try answer("handled", "r5"))
        let file = try room.file(id)
        #expect(file.item.stage == .handled && file.history.map(\.action).suffix(2) == ["note", "handled"])
        let last = try #require(file.history.last)
        #expect(last.actor == "li" && last.role == "department" && last.note == "towed")
        #expect(try room.count("refusal") == 4)
        // A department's word does not silence a camera.
        room.pass()
        #expect(try room.asked(.review).isEmpty)

        room.take(try answer("handled", "r6"))
        #expect(try room.queries.refusals().first?.reason == "step" && room.check() == [])
        #expect(
            CaseAnswer.filter(root: "mg/v1", area: try AreaCode("320583102"))
                == "mg/v1/answer/+/32/3205/320583/320583102/#")
    }

    @Test func `a route that asks for it gets the fields of the standard, and the case file has them too`() throws {
        var route = Self.route
        (route.hasRecord, route.departmentCode) = (true, "0102")
        let (room, street) = (try Room { $0.routes = [route] }, try Street())
        room.take(try street.alert(street.incident(at: room.time.now), 1))
        let id = try #require(try room.cases(.found).first).id
        for action in [CaseAction.accept, .dispatch] { _ = try room.desk.take(.step(action), case: id) }
        let payload = try #require(try room.store.read { try $0.row("SELECT payload FROM delivery")?.text(0) })
        let event = try #require(try JSONSerialization.jsonObject(with: Data(payload.utf8)) as? [String: Any])
        let record = try #require((event["data"] as? [String: Any])?["record"] as? [String: String])
        #expect(
            record == [
                "SXDM": "32058309009", "SXMC": "机动车乱停放", "ZGBMDM": "0102", "ZGBMMC": "公安交警", "SFWZ": "人民路东",
                "SZDYWGBSM": "320583102201003",
            ])
        let file = try room.file(id)
        #expect(file.record.matterCode == "32058309009" && file.record.departmentCode == nil)
        #expect(try CentreQueries(room.store, routes: [route]).find(id)?.record.departmentCode == "0102")
    }

    @Test func `a code of an older standard and a grid of another length fill no field`() {
        var item = CaseRow(
            id: "1", number: "QX-1", lead: "1", kind: "parking.motor", codeSystem: "GB/T 30428.2-2013", code: "0409",
            severity: 3, area: "320583102201", grid: "A3", place: "a/b/c", stage: .found, stageAt: 0, department: "x",
            isLate: false, isRecurring: false, merged: 0, reworks: 0, events: 1, found: 0)
        #expect(StandardRecord(item, place: "", route: nil) == StandardRecord(item, place: nil, route: nil))
        let none = StandardRecord(item, place: nil, route: nil)
        #expect(none.matterCode == nil && none.matterName == nil && none.departmentName == nil && none.unitGrid == nil)
        (item.codeSystem, item.code) = ("GB/T 47678.5-2026", "09009")
        #expect(StandardRecord(item, place: nil, route: nil).matterCode == "32058309009")
    }

    @Test func `waits grow to an hour, for three days`() {
        let waits = (1...7).map { DeliveryRow.next(attempts: $0, created: 0, now: 1000) }
        #expect(waits == [1005, 1030, 1120, 1600, 4600, 4600, 4600])
        #expect(DeliveryRow.next(attempts: 9, created: 0, now: 72 * 3600 - 3601) != nil)
        #expect(DeliveryRow.next(attempts: 9, created: 0, now: 72 * 3600 - 3599) == nil)
    }

    @Test func `an HMAC is that of the standard`() throws {
        // RFC 4231, test case 2.
        #expect(
            try HMAC.sha256(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }
}
