import Console
import Contract
import Domain
import EdgeSupport
import Foundation
import FoundationNetworking
import Hashing
import Pipeline
import SiteConfiguration
import Synchronization
import TestSupport
import Testing
import Video

@testable import Edge

/// The console of a whole site: from the camera to the page, and from the page to the broker.
@Suite(.waiting(minutes: 2)) struct EdgeConsoleTests {
    private struct Page {
        let base: String
        let session = URLSession(configuration: .ephemeral)

        func send(_ method: String, _ path: String, _ body: [String: Any]? = nil, version: String? = nil) async throws
            -> (
                Int, [String: Any]
            )
        {
            var request = URLRequest(url: try #require(URL(string: base + "/api/v1" + path)))
            request.httpMethod = method
            if method != "GET" {
                let fields = ["Content-Type": "application/json", "Origin": base, "X-Gridwarden": "1"]
                for (name, value) in fields { request.setValue(value, forHTTPHeaderField: name) }
                if let version { request.setValue("\"\(version)\"", forHTTPHeaderField: "If-Match") }
                request.httpBody = try JSONSerialization.data(withJSONObject: body ?? [:])
            }
            let (data, response) = try await session.data(for: request)
            let status = try #require(response as? HTTPURLResponse).statusCode
            return (status, (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:])
        }
    }

    @Test func `a verdict on the page reaches the broker at once, and the camera passes the object over`() async throws
    {
        let harness = try EdgeHarness()
        let port = try FreePort.tcp()
        harness.configure { $0.console = .init(address: "127.0.0.1", port: port) }
        try await harness.start()
        let folder = harness.settings.stateFolder
        #expect(try await eventually { FreePort.accepts(port) })
        #expect(try await eventually { (try? StatusClient.accounts(["users"], of: folder)) != nil })
        let page = Page(base: "http://127.0.0.1:\(port)")

        let code = try #require(try StatusClient.accounts(["add", "网格员17", "operator"], of: folder).code)
        let entry = ["code": code, "user": "网格员17", "password": "correct horse battery"]
        #expect(try await page.send("POST", "/setup", entry).0 == 201)
        #expect(try StatusClient.accounts(["users"], of: folder).accounts?.map(\.name) == ["网格员17"])

        harness.park([Box(x: 0.4, y: 0.5, width: 0.2, height: 0.15)])
        try await harness.look(from: 0, through: 40)
        #expect(try await eventually { harness.alerts.contains { $0.data.incident.state == "opened" } })
        let list = try await page.send("GET", "/incidents?review=pending").1
        let items = try #require(list["items"] as? [[String: Any]])
        let id = try #require(items.first?["id"] as? String)
        #expect(items.count == 1)
        let verdict = ["id": UUID().uuidString, "verdict": "false_positive"]
        #expect(try await page.send("POST", "/incidents/\(id)/review", verdict).0 == 200)
        // Nothing else happens that would wake the publisher.
        #expect(try await eventually { harness.alerts.last?.data.incident.state == "withdrawn" })
        #expect(harness.alerts.last?.subject == id)
        try await harness.look(from: 42, through: 90)
        #expect(harness.alerts.filter { $0.data.incident.state == "opened" }.count == 1)
        #expect(try await page.send("GET", "/health").1["rows"] as? [[String: Any]] != nil)
        try await harness.stop()
    }

    @Test func `the page has a still of the next look, the camera in words, and its last day`() async throws {
        let harness = try EdgeHarness()
        let port = try FreePort.tcp()
        harness.configure { $0.console = .init(address: "127.0.0.1", port: port) }
        try await harness.start()
        let folder = harness.settings.stateFolder
        #expect(try await eventually { FreePort.accepts(port) })
        #expect(try await eventually { (try? StatusClient.accounts(["users"], of: folder)) != nil })
        let page = Page(base: "http://127.0.0.1:\(port)")
        let code = try #require(try StatusClient.accounts(["add", "viewer-1", "viewer"], of: folder).code)
        let entry = ["code": code, "user": "viewer-1", "password": "correct horse battery"]
        #expect(try await page.send("POST", "/setup", entry).0 == 201)

        try await harness.look(from: 0, through: 10)
        let address = try #require(URL(string: page.base + "/api/v1/cameras/cam-01/still?width=480"))
        let isAnswered = Mutex(false)
        let looking = Task {
            var seconds = 12.0
            while !isAnswered.withLock(\.self) {
                try await harness.look(from: seconds, through: seconds)
                seconds += 2
            }
        }
        let (jpeg, response) = try await page.session.data(from: address)
        isAnswered.withLock { $0 = true }
        try await looking.value
        #expect((response as? HTTPURLResponse)?.statusCode == 200, "\(String(decoding: jpeg, as: UTF8.self))")
        #expect(try JPEG.decode(Array(jpeg)).width == 320, "narrower pictures stay as they are")
        let camera = try await page.send("GET", "/cameras/cam-01").1
        #expect(camera["state"] as? String == "online" && camera["since"] != nil)
        let zone = (camera["zones"] as? [[String: Any]])?.first
        #expect(zone?["state"] as? String == "watched")
        let day = try await page.send("GET", "/health/history").1
        #expect((day["outbox"] as? [[String: Any]])?.count == 96)
        #expect((day["coverage"] as? [String: Any])?["cam-01"] != nil)
        #expect(try await page.send("GET", "/cameras/cam-02/still").0 == 404)
        try await harness.stop()
    }

    private static let file = """
        site:
          id: edge-01
          area: "320583102201"
        broker:
          host: memory
        cameras:
          - id: cam-01
            url: rtsp://127.0.0.1:1/cam-01
            purpose: parking
            signage_confirmed: true
            zones:
              - id: np1   # the left half
                polygon: [[0, 0], [0.3, 0], [0.3, 1], [0, 1]]
                rules: {parking.motor: {dwell: 30}}

        """

    /// The zones of the file, as the daemon has them.
    private static func zones(_ path: String) throws -> [WatchedZone] {
        try Configuration.load(path: path).cameras[0].zones.map {
            WatchedZone(zone: $0.zone, rules: $0.rules, preset: $0.preset, promise: $0.promise)
        }
    }

    @Test func `a zone that is saved on the page is in force at once, and its hour is known before and after`()
        async throws
    {
        let (harness, folder) = (try EdgeHarness(), try TemporaryFolder())
        let (port, path) = (try FreePort.tcp(), folder.file("gridwarden.yaml").path)
        try Self.file.write(toFile: path, atomically: true, encoding: .utf8)
        let drawn = try Self.zones(path)
        harness.configure {
            $0.console = .init(address: "127.0.0.1", port: port)
            $0.configurationFile = path
            $0.cameras[0].zones = drawn
        }
        harness.rereading { settings in
            let text = try String(contentsOfFile: path, encoding: .utf8)
            settings.site.configurationSHA256 = try SHA256.hex(Array(text.utf8))
            settings.cameras[0].zones = try Self.zones(path)
        }
        try await harness.start()
        let state = harness.settings.stateFolder
        #expect(try await eventually { FreePort.accepts(port) })
        #expect(try await eventually { (try? StatusClient.accounts(["users"], of: state)) != nil })
        let page = Page(base: "http://127.0.0.1:\(port)")
        let code = try #require(try StatusClient.accounts(["add", "admin1", "admin"], of: state).code)
        let entry = ["code": code, "user": "admin1", "password": "correct horse battery"]
        #expect(try await page.send("POST", "/setup", entry).0 == 201)

        // A car stands where no zone is.
        harness.park([Box(x: 0.6, y: 0.5, width: 0.2, height: 0.15)])
        try await harness.look(from: 0, through: 60)
        let place = "/cameras/cam-01/zones"
        let answer = try await page.send("GET", place).1
        var zones = try #require(answer["zones"] as? [[String: Any]])
        zones.append([
            "id": "zone-2", "name": "right", "polygon": [[0.5, 0.3], [0.95, 0.3], [0.95, 0.9], [0.5, 0.9]],
            "rules": ["parking.motor": ["dwell": 30]],
        ])
        func told(_ answer: [String: Any], _ key: String) -> Int? {
            (((answer[key] as? [String: Any])?["zone-2"] as? [String: Any])?["told"] as? [Any])?.count
        }
        let before = try await page.send("POST", "/cameras/cam-01/preview", ["zones": zones]).1
        #expect(told(before, "zones") == 1 && told(before, "in_force") == nil)
        #expect(harness.alerts.isEmpty)
        let version = try #require(answer["version"] as? String)
        let first = harness.source("cam-01")
        let saved = try await page.send("PUT", place, ["zones": zones], version: version)
        #expect(saved.0 == 200, "\(saved.1)")
        #expect((saved.1["applied"] as? [String: Any])?["outcome"] as? String == "applied", "\(saved.1)")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("# the left half"))
        // The camera has begun anew with both zones, and goes on with what stands there.
        #expect(try await eventually { harness.source("cam-01").map { $0 !== first && $0.start != nil } ?? false })
        try await harness.look(from: 62, through: 120)
        #expect(try await eventually { harness.alerts.contains { $0.data.zone.id == "zone-2" } })
        let after = try await page.send("POST", "/cameras/cam-01/preview", ["zones": zones]).1
        #expect(told(after, "in_force") == 1)
        #expect(harness.alerts.allSatisfy { $0.data.zone.id == "zone-2" })
        try await harness.stop()
    }

    @Test func `the console answers for status and metrics to a token, and the address without accounts stays`()
        async throws
    {
        let harness = try EdgeHarness()
        let (port, plain) = (try FreePort.tcp(), try FreePort.tcp())
        harness.configure {
            $0.console = .init(address: "127.0.0.1", port: port)
            $0.metrics = ("127.0.0.1", plain)
        }
        try await harness.start()
        let folder = harness.settings.stateFolder
        #expect(try await eventually { FreePort.accepts(port) && FreePort.accepts(plain) })
        #expect(try await eventually { (try? StatusClient.accounts(["users"], of: folder)) != nil })
        _ = try StatusClient.accounts(["add", "prometheus", "viewer"], of: folder)
        let token = try #require(try StatusClient.accounts(["token", "prometheus", "30"], of: folder).token)
        func get(_ port: Int, _ path: String, _ token: String?) async throws -> (Int, String) {
            var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(port)\(path)")))
            if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
            let (data, response) = try await URLSession(configuration: .ephemeral).data(for: request)
            return (try #require(response as? HTTPURLResponse).statusCode, String(decoding: data, as: UTF8.self))
        }
        for path in ["/metrics", "/status"] {
            #expect(try await get(port, path, nil).0 == 401)
            let (status, text) = try await get(port, path, token)
            #expect(status == 200 && text.contains(path == "/metrics" ? "gridwarden_info{" : "\"software\""), "\(text)")
            #expect(try await get(plain, path, nil).0 == 200)
        }
        #expect(try await get(port, "/metrics", token).1.contains("process_resident_memory_bytes"))
        try await harness.stop()
    }

    @Test func `without an address nobody is let in, and the command says why`() async throws {
        let harness = try EdgeHarness()
        try await harness.start()
        let folder = harness.settings.stateFolder
        #expect(try await eventually { (try? StatusClient.accounts(["users"], of: folder)) != nil })
        let answer = try StatusClient.accounts(["setup"], of: folder)
        #expect(answer.code == nil && answer.refused?.contains("console.listen") == true)
        try await harness.stop()
    }
}
