import Contract
import Domain
import Foundation
import Store
import TestSupport
import Testing

@testable import Console

/// Cameras, their stills and their last day, by HTTP.
@Suite(.waiting(minutes: 2)) struct CameraRoutesTests {
    private static let start = 1_795_500_000.0

    @Test func `the list says the state of each camera in words, and one of them its zones`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("worker", .viewer)
        let cookie = try harness.signIn("worker")
        let items = try #require(
            try harness.send("GET", "/api/v1/cameras", cookie: cookie).json()["items"] as? [[String: Any]])
        #expect(items.count == 1 && items[0]["zones"] == nil)
        #expect((items[0]["cause"] as? [String: String])?["zh"] == "看得见")
        #expect(items[0]["blind_seconds_today"] as? Double == 0)
        let one = try harness.send("GET", "/api/v1/cameras/cam-01", cookie: cookie).json()
        let zone = try #require((one["zones"] as? [[String: Any]])?.first)
        #expect(zone["state"] as? String == "watched" && zone["blind_seconds"] as? Double == 3)
        #expect((zone["polygon"] as? [[Double]])?.count == 3)
        #expect(try harness.send("GET", "/api/v1/cameras/cam-99", cookie: cookie).status == 404)
        try await harness.stop()
    }

    @Test func `an account with an area sees neither cameras, stills nor the last day of others`() async throws {
        let harness = try await ConsoleHarness()
        let elsewhere = "320583103201"
        harness.see { sight in
            sight.rows.append(ConsoleHarness.camera("cam-02", "Elsewhere", area: elsewhere))
            sight.still = .picture(.init(jpeg: ConsoleHarness.jpeg, taken: harness.now, age: 0))
            sight.history = .init(
                start: Self.start, elapsed: 900, backlog: [.init()],
                coverage: ["cam-01": [.init(saw: 900)], "cam-02": [.init(saw: 900)]])
        }
        try harness.account("worker", .viewer, area: "320583102")
        let cookie = try harness.signIn("worker")
        let items = try harness.send("GET", "/api/v1/cameras", cookie: cookie).json()["items"] as? [[String: Any]]
        #expect(items?.map { $0["id"] as? String } == ["cam-01"])
        #expect(try harness.send("GET", "/api/v1/cameras/cam-02", cookie: cookie).status == 404)
        #expect(try harness.send("GET", "/api/v1/cameras/cam-02/still", cookie: cookie).status == 404)
        #expect(harness.stillsAsked == 0)
        let day = try harness.send("GET", "/api/v1/health/history", cookie: cookie).json()
        #expect((day["coverage"] as? [String: Any])?.keys.sorted() == ["cam-01"])
        #expect((day["seconds"] as? [String: Any])?.keys.sorted() == ["cam-01"])
        try await harness.stop()
    }

    @Test func `a still says when it was taken and how old it is, and is not sent twice`() async throws {
        let harness = try await ConsoleHarness()
        let taken = harness.now
        harness.see { $0.still = .picture(.init(jpeg: ConsoleHarness.jpeg, taken: taken, age: 41.4)) }
        try harness.account("worker", .viewer)
        let cookie = try harness.signIn("worker")
        let path = "/api/v1/cameras/cam-01/still?width=480"
        let found = try harness.send("GET", path, cookie: cookie)
        #expect(found.status == 200 && found.body == ConsoleHarness.jpeg)
        #expect(found.headers["content-type"] == "image/jpeg" && found.headers["cache-control"] == "no-store")
        #expect(found.headers["age"] == "41")
        #expect(found.headers["x-taken"].flatMap { RFC3339.date(from: $0) } == taken)
        let tag = try #require(found.headers["etag"])
        let again = try harness.send("GET", path, cookie: cookie, headers: ["If-None-Match": tag])
        #expect(again.status == 304 && again.body.isEmpty && again.headers["age"] == "41")
        // Another size would be masked for itself.
        #expect(try harness.send("GET", "/api/v1/cameras/cam-01/still?width=4000", cookie: cookie).status == 400)
        #expect(harness.stillsAsked == 2)
        // Who looked is in the log, once.
        let views = try harness.outbox.auditEntries().filter { $0.event == .stillViewed }
        #expect(views.map(\.by) == ["worker"] && views.first?.facts["camera"] == "cam-01")
        try await harness.stop()
    }

    @Test(arguments: [
        (CameraParts.StillAnswer.cannotMask, "cannot_mask"), (.noMasks, "no_masks"), (.offline, "camera_offline"),
        (.noPicture, "no_picture"), (.busy, "busy"),
    ])
    func `where there is no picture the refusal says why, in both languages`(
        answer: CameraParts.StillAnswer, name: String
    ) async throws {
        let harness = try await ConsoleHarness()
        harness.see { $0.still = answer }
        try harness.account("worker", .viewer)
        let refused = try harness.send("GET", "/api/v1/cameras/cam-01/still", cookie: try harness.signIn("worker"))
        #expect(refused.status == 503 && refused.headers["retry-after"] != nil)
        let problem = try refused.json()
        #expect(problem["type"] as? String == "urn:gridwarden:fault:\(name)")
        let title = try #require(problem["title"] as? [String: String])
        #expect(title["zh"]?.isEmpty == false && title["en"]?.isEmpty == false)
        #expect(try harness.outbox.auditEntries().allSatisfy { $0.event != .stillViewed })
        try await harness.stop()
    }

    @Test func `the last day is told in runs, and in seconds of what kept a camera from seeing`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("worker", .viewer)
        harness.see { sight in
            sight.history = .init(
                start: Self.start, elapsed: 300,
                backlog: [.init(), .init(most: 41, seconds: 720), .init(), .init()],
                coverage: [
                    "cam-01": [
                        .init(saw: 890, blind: 10), .init(saw: 840, blind: 60), .init(blind: 400, offline: 500),
                        .init(saw: 100),
                    ]
                ])
        }
        let cookie = try harness.signIn("worker")
        let day = try harness.send("GET", "/api/v1/health/history?hours=1", cookie: cookie).json()
        let runs = try #require((day["coverage"] as? [String: [[String]]])?["cam-01"])
        // Ten seconds are not drawn; most of the last, short quarter is not known.
        #expect(runs.map { $0[2] } == ["saw", "blind", "offline", "unknown"])
        let times = runs.map { run in run[0...1].compactMap { RFC3339.date(from: $0)?.timeIntervalSince1970 } }
        #expect(times.map { $0[0] - Self.start } == [0, 900, 1800, 2700])
        #expect(times.last?[1] == Self.start + 3000)
        let seconds = (day["seconds"] as? [String: [String: Double]])?["cam-01"]
        #expect(seconds == ["saw": 1830, "blind": 470, "offline": 500, "unknown": 200])
        let waited = day["outbox"] as? [[String: Any]]
        #expect(waited?.map { $0["most"] as? Int } == [0, 41, 0, 0])
        for hours in ["0", "25", "x"] {
            let path = "/api/v1/health/history?hours=\(hours)"
            #expect(try harness.send("GET", path, cookie: cookie).status == 400, "\(hours)")
        }
        try await harness.stop()
    }
}
