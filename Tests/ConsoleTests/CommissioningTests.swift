import Domain
import Foundation
import HTTPTypes
import Store
import Synchronization
import TestSupport
import Testing

@testable import Console

/// Adding a camera over HTTP, on a site that does what the test says.
@Suite(.waiting(minutes: 2)) struct CommissioningTests {
    /// What the site is asked, and what it answers.
    private final class Site: Sendable {
        private let tested = Mutex<[StreamAddress]>([])
        private let trials = Mutex<[Bool]>([])
        private let waiting = Mutex<[CheckedContinuation<Void, Never>]>([])
        private let isOpen = Mutex(true)
        private let refusal = Mutex<CameraRefusal?>(nil)
        private let still = Mutex<[UInt8]?>(Array("a masked JPEG".utf8))

        var addresses: [StreamAddress] { tested.withLock(\.self) }
        var additions: [Bool] { trials.withLock(\.self) }

        /// From now on tests do not end by themselves.
        func close() { isOpen.withLock { $0 = false } }
        func refuse(_ why: CameraRefusal?) { refusal.withLock { $0 = why } }
        func withhold() { still.withLock { $0 = nil } }
        func release() {
            for one in waiting.withLock({ all in
                defer { all = [] }
                return all
            }) { one.resume() }
        }

        private static let facts = StreamTest.Facts(
            codec: "h264", profile: "High", width: 1920, height: 1080, rate: 25, bitsPerSecond: 4e6, keyInterval: 2,
            transport: "tcp", lost: 0, clock: "rtcp", clockOffset: -42, cores: 0.016, fits: 60, vehicles: 2,
            vehicleWidth: 0.18)

        func commissioning(search: Commissioning.Search? = nil) -> Commissioning {
            var searching: (@Sendable () async -> Commissioning.Search)?
            if let search { searching = { search } }
            return Commissioning(
                test: { [self] address, stage in
                    tested.withLock { $0.append(address) }
                    stage(.seeing)
                    if !isOpen.withLock(\.self) {
                        await withTaskCancellationHandler {
                            await withCheckedContinuation { one in waiting.withLock { $0.append(one) } }
                        } onCancel: {
                            release()
                        }
                    }
                    guard address.url.contains("good") else {
                        return .failed(
                            .init(
                                code: "refused", what: .init(zh: "没有服务", en: "nothing listens"),
                                action: .init(zh: "请检查端口", en: "check the port")))
                    }
                    let row = ConsoleParts.HealthRow(
                        id: "clock", state: .warn, name: .init(zh: "时钟", en: "Clock"),
                        now: .init(zh: "慢 42 秒", en: "42 s slow"), action: .init(zh: "请设置 NTP", en: "set its NTP"))
                    return .seen(.init(facts: Self.facts, rows: [row], still: still.withLock(\.self)))
                },
                offer: {
                    .init(
                        places: [.init(area: "320583102201", grid: "003", microgrid: "02")], cameras: ["cam-01"],
                        id: "cam-02",
                        templates: [
                            .init(
                                kind: "parking.motor", name: .init(zh: "机动车乱停放", en: "Motor vehicle"),
                                surface: "carriageway", dwell: 300)
                        ])
                },
                add: { [self] camera, _, _, isTrial in
                    trials.withLock { $0.append(isTrial) }
                    if let refusal = refusal.withLock(\.self) { throw refusal }
                    return AddedCamera(
                        id: camera.id, outcome: isTrial ? .trial : .applied, diff: "+  - id: \(camera.id)\n",
                        version: isTrial ? "before" : "after")
                }, search: searching)
        }
    }

    private static let password = "geheim-77"
    private static let wish =
        "{\"url\":\"rtsp://good.example:554/a\",\"user\":\"admin\",\"password\":\"\(password)\",\"transport\":\"tcp\"}"

    private func camera(_ job: String, _ more: [String: Any] = [:]) throws -> String {
        var camera: [String: Any] = [
            "job": job, "id": "cam-02", "name": "东门", "purpose": "parking", "signage": true,
            "zones": [
                [
                    "id": "parking-motor", "name": "Lane", "surface": "carriageway", "kind": "parking.motor",
                    "dwell": 300,
                    "polygon": [[0.1, 0.5], [0.9, 0.5], [0.9, 0.9]],
                ]
            ],
        ]
        camera.merge(more) { $1 }
        return String(decoding: try JSONSerialization.data(withJSONObject: camera), as: UTF8.self)
    }

    private struct Page {
        let harness: ConsoleHarness
        let site: Site
        let cookie: String

        func begin(_ body: String = CommissioningTests.wish, cookie: String? = nil) throws -> String {
            let answer = try harness.send(
                "POST", "/api/v1/cameras/test", cookie: cookie ?? self.cookie, body: body)
            try #require(answer.status == 202, "\(answer.text)")
            return try #require(try answer.json()["job"] as? String)
        }

        func look(_ job: String) throws -> [String: Any] {
            try harness.send("GET", "/api/v1/cameras/test/\(job)", cookie: cookie).json()
        }

        func ended(_ job: String) async throws -> [String: Any] {
            try #require(try await eventually { try look(job)["state"] as? String != "running" })
            return try look(job)
        }
    }

    private func page(search: Commissioning.Search? = nil) async throws -> Page {
        let site = Site()
        let harness = try await ConsoleHarness(commissioning: site.commissioning(search: search))
        try harness.account("admin", .admin)
        return Page(harness: harness, site: site, cookie: try harness.signIn("admin"))
    }

    @Test func `a stream is tested, and the camera added with the password that only the test has`() async throws {
        let page = try await page()
        let offer = try page.harness.send("GET", "/api/v1/commissioning", cookie: page.cookie)
        #expect(
            offer.status == 200 && offer.text.contains("\"id\":\"cam-02\"") && offer.text.contains("\"search\":false"))

        let job = try page.begin()
        let test = try await page.ended(job)
        #expect(test["state"] as? String == "done" && test["still"] as? Bool == true && test["login"] as? Bool == true)
        #expect(test["address"] as? String == "rtsp://good.example:554/a")
        #expect((test["facts"] as? [String: Any])?["clock_offset"] as? Double == -42)
        #expect(((test["rows"] as? [[String: Any]])?.first?["action"] as? [String: String])?["en"] == "set its NTP")
        let still = try page.harness.send("GET", "/api/v1/cameras/test/\(job)/still", cookie: page.cookie)
        #expect(still.status == 200 && still.text == "a masked JPEG" && still.headers["content-type"] == "image/jpeg")
        #expect(page.site.addresses.first?.password == Self.password)
        #expect(page.site.addresses.first?.transport == .tcp)

        let trial = try page.harness.send(
            "POST", "/api/v1/cameras?dry_run=1", cookie: page.cookie, body: try camera(job))
        #expect(trial.status == 200 && trial.text.contains("\"outcome\":\"trial\""))
        let added = try page.harness.send("POST", "/api/v1/cameras", cookie: page.cookie, body: try camera(job))
        #expect(added.status == 201 && added.text.contains("\"outcome\":\"applied\""))
        #expect(page.site.additions == [true, false])
        // The password is forgotten with the test.
        #expect(try page.harness.send("GET", "/api/v1/cameras/test/\(job)", cookie: page.cookie).status == 404)
        let again = try page.harness.send("POST", "/api/v1/cameras", cookie: page.cookie, body: try camera(job))
        #expect(again.status == 422 && again.text.contains("test_expired"))

        let log = try page.harness.outbox.auditEntries()
        #expect(log.filter { $0.event == .streamTested }.map { $0.facts["stream"] } == ["good.example:554"])
        #expect(log.filter { $0.event == .cameraAdded }.map { $0.facts["camera"] } == ["cam-02"])
        #expect(log.allSatisfy { !"\($0)".contains(Self.password) })
        for answer in [offer, still, trial, added, again] { #expect(!answer.text.contains(Self.password)) }
        try await page.harness.stop()
    }

    @Test func `a test is repeated without its password, cancelled, and seen by its own account only`() async throws {
        let page = try await page()
        try page.harness.account("other", .admin)
        let other = try page.harness.signIn("other")
        let job = try page.begin()
        _ = try await page.ended(job)
        for (method, path) in [("GET", ""), ("GET", "/still"), ("DELETE", "")] {
            let answer = try page.harness.send(
                method, "/api/v1/cameras/test/\(job)\(path)", cookie: other, body: method == "GET" ? nil : "{}")
            #expect(answer.status == 404, "\(method) \(path)")
        }
        let stolen = try page.harness.send(
            "POST", "/api/v1/cameras/test", cookie: other, body: "{\"job\":\"\(job)\"}")
        #expect(stolen.status == 422)

        let repeated = try page.begin("{\"job\":\"\(job)\"}")
        #expect(repeated != job)
        _ = try await page.ended(repeated)
        #expect(page.site.addresses.map(\.password) == [Self.password, Self.password])

        page.site.close()
        let slow = try page.begin()
        #expect(try page.look(slow)["state"] as? String == "running")
        #expect(try await eventually { try page.look(slow)["stage"] as? String == "seeing" })
        #expect(
            try page.harness.send("DELETE", "/api/v1/cameras/test/\(slow)", cookie: page.cookie, body: "{}").status
                == 204)
        #expect(try page.harness.send("GET", "/api/v1/cameras/test/\(slow)", cookie: page.cookie).status == 404)
        try await page.harness.stop()
    }

    @Test func `two tests run at a time, one of an account`() async throws {
        let page = try await page()
        for name in ["second", "third"] { try page.harness.account(name, .admin) }
        page.site.close()
        let first = try page.begin()
        _ = try page.begin(cookie: try page.harness.signIn("second"))
        let third = try page.harness.send(
            "POST", "/api/v1/cameras/test", cookie: try page.harness.signIn("third"), body: Self.wish)
        #expect(third.status == 409 && third.headers["retry-after"] != nil && third.text.contains("fault:testing"))
        // The same account's next one takes the place of its last, once that has ended.
        #expect(
            try page.harness.send("DELETE", "/api/v1/cameras/test/\(first)", cookie: page.cookie, body: "{}").status
                == 204)
        #expect(
            try await eventually {
                try page.harness.send("POST", "/api/v1/cameras/test", cookie: page.cookie, body: Self.wish).status
                    == 202
            })
        page.site.release()
        try await page.harness.stop()
    }

    @Test func `a test that hangs is given up, and keeps its place until it has ended`() async throws {
        let site = Site()
        site.close()
        let clock = Mutex(Date(timeIntervalSince1970: 1_795_500_000))
        let tests = StreamTests(
            site.commissioning(), now: { clock.withLock(\.self) }, sleep: { _ in await Task.yield() })
        let address = StreamAddress(url: "rtsp://good/", user: nil, password: nil, transport: .auto)
        let job = try await tests.begin(address, shown: "rtsp://good/", by: "admin")
        var state = StreamTests.View.State.running
        for _ in 0..<1000 where state == .running {
            state = try #require(await tests.view(job, of: "admin")).state
            await Task.yield()
        }
        #expect(state == .failed)
        #expect(await tests.view(job, of: "admin")?.failure?.code == "too_slow")
        // After half an hour nobody knows it.
        clock.withLock { $0 += 1801 }
        #expect(await tests.view(job, of: "admin") == nil)
        #expect(await tests.address(job, of: "admin") == nil)
    }

    @Test func `only streams of RTSP are tested, and no fault quotes what it refuses`() async throws {
        let page = try await page()
        for url in [
            "", "good", "http://good/", "file:///etc/passwd", "/etc/passwd", "rtsp:///a", "rtsp://", "rtspx://good/",
            "RTSP://good/", "rtmp://good/", "rtsp://good:0/", "rtsp://good:99999/", "rtsp://good:a/", "rtsp://a b/",
            "rtsp://good/\\r\\nSET a b", "rtsp://good/\\u0000", "rtsp://good#a@b/", "rtsp://u:p/w@good/a",
            "rtsp://[::1/a", "rtsp://good/" + String(repeating: "a", count: 3000),
        ] {
            let body = "{\"url\":\"\(url)\"}"
            let answer = try page.harness.send("POST", "/api/v1/cameras/test", cookie: page.cookie, body: body)
            #expect(answer.status == 422, "\(url): \(answer.status) \(answer.text)")
            let fields = try answer.json()["fields"] as? [[String: Any]]
            #expect(fields?.first?["path"] as? String == "url" && fields?.first?["zh"] as? String != nil, "\(url)")
            #expect(!answer.text.contains("passwd") && !answer.text.contains("p/w"), "\(answer.text)")
        }
        for url in [
            "rtsp://good", "rtsp://good/", "rtsps://good:322/a?b=c", "rtsp://u:p@good/a", "rtsp://[::1]:554/a",
            "rtsp://127.0.0.1:8554/a", "rtsp://good/{a|b}%2F",
        ] { _ = try await page.ended(page.begin("{\"url\":\"\(url)\"}")) }
        let line = ["user": "a:b", "password": "a\\nb"]
        for (key, value) in line {
            var fields = ["url": "rtsp://good/", "user": "u", "password": "p"]
            fields[key] = value
            let body = "{" + fields.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",") + "}"
            let answer = try page.harness.send("POST", "/api/v1/cameras/test", cookie: page.cookie, body: body)
            #expect(answer.status == 422 && answer.text.contains("\"path\":\"\(key)\""), "\(key)")
        }
        #expect(
            try page.harness.send(
                "POST", "/api/v1/cameras/test", cookie: page.cookie,
                body: "{\"url\":\"rtsp://good/\",\"transport\":\"file\"}"
            ).status == 400)
        #expect(
            StreamRules.shown("rtsp://u:p@good/user=a&password=b/c?token=d")
                == "rtsp://good/user=***&password=***/c?***")
        #expect("\(StreamAddress(url: "a", user: "b", password: "c", transport: .auto))" == "•••")
        try await page.harness.stop()
    }

    @Test func `without masking there is no picture`() async throws {
        let page = try await page()
        page.site.withhold()
        let job = try page.begin()
        #expect(try await page.ended(job)["still"] as? Bool == false)
        let still = try page.harness.send("GET", "/api/v1/cameras/test/\(job)/still", cookie: page.cookie)
        #expect(still.status == 503 && still.text.contains("cannot_mask"))
        try await page.harness.stop()
    }

    @Test func `what is wrong with a camera is said by field, and a refusal says what to do`() async throws {
        let page = try await page()
        let job = try page.begin()
        _ = try await page.ended(job)
        let wrong: [(String, Any)] = [
            ("id", "Cam 2"), ("purpose", " "), ("signage", false), ("area", "32"), ("grid", "a/b"), ("gb28181", "1"),
            ("longitude", 120.5), ("name", "a\nb"), ("zones", [Any]()),
        ]
        for (key, value) in wrong {
            let answer = try page.harness.send(
                "POST", "/api/v1/cameras", cookie: page.cookie, body: try camera(job, [key: value]))
            let fields = try answer.json()["fields"] as? [[String: Any]]
            #expect(answer.status == 422 && fields?.first?["path"] as? String == key, "\(key): \(answer.text)")
        }
        for polygon in [
            [[0.1, 0.5], [0.9, 0.5]], [[0.1, 0.5], [0.9, 1.5], [0.9, 0.9]], [[0.1], [0.9, 1], [0.9, 0.9]],
        ] {
            let zone: [String: Any] = [
                "id": "z", "surface": "carriageway", "kind": "parking.motor", "dwell": 300, "polygon": polygon,
            ]
            let answer = try page.harness.send(
                "POST", "/api/v1/cameras", cookie: page.cookie, body: try camera(job, ["zones": [zone]]))
            #expect(answer.status == 422 && answer.text.contains("zones[0].polygon"), "\(answer.text)")
        }
        #expect(page.site.additions.isEmpty)
        let refusals: [(CameraRefusal, Int, String)] = [
            (.changed, 412, "changed"), (.busy, 409, "busy"),
            (.notWritable(patch: "- id: cam-02\n"), 409, "not_writable"),
            (.faults([FieldFault("id", zh: "已有", en: "taken")]), 422, "taken"),
        ]
        for (refusal, status, text) in refusals {
            page.site.refuse(refusal)
            let answer = try page.harness.send("POST", "/api/v1/cameras", cookie: page.cookie, body: try camera(job))
            #expect(answer.status == status && answer.text.contains(text), "\(answer.text)")
            if case .notWritable(let patch) = refusal { #expect(try answer.json()["patch"] as? String == patch) }
        }
        // Nothing of that has ended the test.
        page.site.refuse(nil)
        #expect(
            try page.harness.send("POST", "/api/v1/cameras", cookie: page.cookie, body: try camera(job)).status == 201)
        try await page.harness.stop()
    }

    @Test func `a search asks where the configuration says so, and is in the log`() async throws {
        let off = try await page()
        let refused = try off.harness.send(
            "POST", "/api/v1/commissioning/search", cookie: off.cookie, body: "{}")
        #expect(refused.status == 409 && refused.text.contains("console.discovery.interfaces"))
        try await off.harness.stop()

        let page = try await page(
            search: .init(
                items: [.init(address: "10.0.0.7", name: "<b>Gate</b>", hardware: "X", location: "")], deaf: ["eth9"],
                isCut: false))
        let answer = try page.harness.send("POST", "/api/v1/commissioning/search", cookie: page.cookie, body: "{}")
        #expect(answer.status == 200)
        let items = try answer.json()["items"] as? [[String: Any]]
        #expect(items?.first?["address"] as? String == "10.0.0.7" && items?.first?["name"] as? String == "<b>Gate</b>")
        #expect(try page.harness.outbox.auditEntries().contains { $0.event == .camerasSearched && $0.by == "admin" })
        try await page.harness.stop()
    }

    @Test func `nobody but an administrator sees or does any of it`() async throws {
        let page = try await page()
        try page.harness.account("op", .operator)
        let cookie = try page.harness.signIn("op")
        for (method, path) in [
            ("GET", "/commissioning"), ("POST", "/commissioning/search"), ("POST", "/cameras/test"),
            ("GET", "/cameras/test/\(UUID())"), ("DELETE", "/cameras/test/\(UUID())"), ("POST", "/cameras"),
            ("GET", "/cameras/test/\(UUID())/still"),
        ] {
            let body = method == "GET" ? nil : "{}"
            #expect(
                try page.harness.send(method, "/api/v1\(path)", cookie: cookie, body: body).status == 403, "\(path)")
            #expect(try page.harness.send(method, "/api/v1\(path)", body: body).status == 401, "\(path)")
            // A form of another page cannot send this.
            guard method != "GET" else { continue }
            let foreign = try page.harness.send(
                method, "/api/v1\(path)", cookie: page.cookie, body: body, headers: ["Origin": "http://evil.example"])
            #expect(foreign.status == 403, "\(path)")
        }
        #expect(page.site.addresses.isEmpty)
        try await page.harness.stop()
    }
}
