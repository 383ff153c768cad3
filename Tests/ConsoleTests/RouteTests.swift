import Contract
import Domain
import Foundation
import HTTPTypes
import Store
import TestSupport
import Testing

@testable import Console

/// What is no matter of who asks: `AccessTableTests` walks the table.
@Suite(.waiting(minutes: 2)) struct RouteTests {
    @Test func `an address without that verb is 405, and one that is not there 404`() async throws {
        let harness = try await ConsoleHarness()
        #expect(try harness.send("PUT", "/api/v1/site", body: "{}").status == 405)
        #expect(try harness.send("DELETE", "/", body: "{}").status == 405)
        for path in [
            "/nothing", "/api/v1/nothing", "/assets/0/../../etc/passwd", "/assets/x/app.js", "/api/v1/incidents/a/b/c",
        ] {
            #expect(try harness.send("GET", path).status == 404, "\(path)")
        }
        try await harness.stop()
    }

    @Test func `the shell and its code hold nothing of the site, and come compressed`() async throws {
        let harness = try await ConsoleHarness()
        let shell = try harness.send("GET", "/incident?id=1", headers: ["Accept-Language": "en-GB"])
        #expect(shell.status == 200 && shell.text.contains("lang=\"en\"") && !shell.text.contains("edge-01"))
        #expect(try harness.send("GET", "/", headers: ["Accept-Language": "zh-CN"]).text.contains("zh-Hans"))
        let match = try #require(try shell.text.firstMatch(of: Regex("src=\"(/assets/[0-9a-f]+/app.js)\"")))
        let address = String(try #require(match[1].substring))
        let plain = try harness.send("GET", address)
        #expect(plain.headers["cache-control"]?.contains("immutable") == true)
        let head = try harness.send("GET", address, headers: ["Accept-Encoding": "gzip, br"])
        #expect(head.headers["content-encoding"] == "gzip")
        let length = try #require(head.headers["content-length"].flatMap { Int($0) })
        #expect(length < plain.body.count / 2)
        try await harness.stop()
    }
}
