import Foundation
import Store
import TestSupport
import Testing

@testable import Console

/// `/status` and `/metrics` where the console listens.
@Suite(.waiting(minutes: 2)) struct MonitorRoutesTests {
    @Test func `a program with a token reads status and metrics, and nobody without one`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("prometheus", .viewer)
        let token = try harness.session(of: "prometheus", .token)
        let headers = ["Authorization": "Bearer \(token)"]
        let metrics = try harness.send("GET", "/metrics", headers: headers)
        #expect(metrics.status == 200 && metrics.text.contains("gridwarden_broker_connected 1"))
        #expect(metrics.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
        let status = try harness.send("GET", "/status", headers: headers)
        #expect(try status.json()["site"] as? String == "edge-01")
        for path in ["/metrics", "/status"] {
            let nobody = try harness.send("GET", path)
            #expect(nobody.status == 401 && nobody.headers["www-authenticate"] == "Bearer")
            #expect(!nobody.text.contains("gridwarden_broker") && !nobody.text.contains("edge-01"))
            #expect(try harness.send("GET", path, headers: ["Host": "evil.example"]).status == 421)
        }
        // What is measured is no write and no view of evidence.
        let events = try harness.outbox.auditEntries().map(\.event)
        #expect(events.last == .sessionOpened)
        try await harness.stop()
    }
}
