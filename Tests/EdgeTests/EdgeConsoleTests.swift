import Console
import Contract
import Domain
import EdgeSupport
import Foundation
import FoundationNetworking
import TestSupport
import Testing

@testable import Edge

/// The console of a whole site: from the camera to the page, and from the page to the broker.
@Suite(.waiting(minutes: 2)) struct EdgeConsoleTests {
    private struct Page {
        let base: String
        let session = URLSession(configuration: .ephemeral)

        func send(_ method: String, _ path: String, _ body: [String: String]? = nil) async throws -> (
            Int, [String: Any]
        ) {
            var request = URLRequest(url: try #require(URL(string: base + "/api/v1" + path)))
            request.httpMethod = method
            if method != "GET" {
                let fields = ["Content-Type": "application/json", "Origin": base, "X-Gridwarden": "1"]
                for (name, value) in fields { request.setValue(value, forHTTPHeaderField: name) }
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
