import Analytics
import Contract
import Domain
import Foundation
import SiteConfiguration
import Store
import TestSupport
import Testing

@testable import Console

/// The configuration over HTTP, on a real file.
@Suite(.waiting(minutes: 2)) struct ConfigurationRoutesTests {
    private static let box = Box(x: 0.2, y: 0.5, width: 0.2, height: 0.2)

    /// A request with JSON, about a version.
    private func send(
        _ harness: ConsoleHarness, _ method: String, _ path: String, _ cookie: String, _ body: Any? = nil,
        version: String? = nil
    ) throws -> ConsoleHarness.Answer {
        let text = try body.map { String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self) }
        return try harness.send(
            method, path, cookie: cookie, body: method == "GET" ? nil : text ?? "{}",
            headers: version.map { ["If-Match": "\"\($0)\""] } ?? [:])
    }

    private func read(_ harness: ConsoleHarness, _ cookie: String) throws -> (zones: [[String: Any]], version: String) {
        let answer = try harness.send("GET", "/api/v1/cameras/cam-01/zones", cookie: cookie)
        try #require(answer.status == 200, "\(answer.text)")
        let page = try answer.json()
        let version = try #require(page["version"] as? String)
        #expect(answer.headers["etag"] == "\"\(version)\"")
        return (try #require(page["zones"] as? [[String: Any]]), version)
    }

    @Test func `a zone is read, tried, written with its comments, and in force; who it was stands in the log`()
        async throws
    {
        let file = try SiteFile()
        let harness = try await ConsoleHarness(configuration: file.parts(offset: Point(x: 0.1, y: -0.05)))
        try harness.account("管理员1", .admin)
        let cookie = try harness.signIn("管理员1")
        var (zones, version) = try read(harness, cookie)
        let page = try harness.send("GET", "/api/v1/cameras/cam-01/zones", cookie: cookie).json()
        #expect((page["shifted"] as? [String: Double])?["x"] == 0.1 && page["writable"] as? Bool == true)
        let kinds = try #require(page["kinds"] as? [[String: Any]])
        #expect(Set(kinds.compactMap { $0["kind"] as? String }) == Set(Rules.kinds.map(\.rawValue)))
        zones[0]["polygon"] = [[0.1, 0.4], [0.55, 0.4], [0.5, 0.9], [0.1, 0.9]]
        zones.append([
            "id": "zone-2", "name": "人行道", "surface": "pavement", "polygon": [[0.6, 0.5], [0.9, 0.5], [0.9, 0.9]],
            "rules": ["vending.occupy_road": NSNull()],
        ])
        let place = "/api/v1/cameras/cam-01/zones"
        let trial = try send(harness, "PUT", place + "?dry_run=1", cookie, ["zones": zones], version: version)
        #expect(trial.status == 200, "\(trial.text)")
        let diff = try #require(try trial.json()["diff"] as? String)
        #expect(diff.contains("+        polygon: [[0.10, 0.40], [0.55, 0.4]") && diff.contains("人行道"))
        #expect(try file.now == SiteFile.text && file.timesApplied == 0)

        let written = try send(harness, "PUT", place, cookie, ["zones": zones], version: version)
        #expect(written.status == 200, "\(written.text)")
        let answer = try written.json()
        #expect((answer["applied"] as? [String: Any])?["outcome"] as? String == "applied" && file.timesApplied == 1)
        let text = try file.now
        for comment in ["# the gate", "# hatched", "# five minutes"] { #expect(text.contains(comment)) }
        #expect(try Configuration.load(path: file.path).cameras[0].zones.map(\.zone.id) == ["np1", "zone-2"])
        let entry = try #require(try harness.outbox.auditEntries().last { $0.event == .configurationChanged })
        #expect(entry.by == "管理员1" && entry.facts["camera"] == "cam-01" && entry.facts["change"] == "zones")
        #expect(entry.facts["sha256"] == answer["version"] as? String)
        #expect(try ConfigurationStore(path: file.path).versions().map(\.by) == [nil, "管理员1"])

        // The same again writes nothing.
        version = try #require(answer["version"] as? String)
        let again = try send(harness, "PUT", place, cookie, ["zones": zones], version: version)
        #expect(try again.json()["number"] == nil && again.status == 200)
        #expect(try ConfigurationStore(path: file.path).versions().count == 2)
        try await harness.stop()
    }

    @Test func `somebody else's edit is never written over, and what they changed is told without its secrets`()
        async throws
    {
        let file = try SiteFile()
        let harness = try await ConsoleHarness(configuration: file.parts())
        try harness.account("admin1", .admin)
        let cookie = try harness.signIn("admin1")
        let place = "/api/v1/cameras/cam-01/zones"
        let (present, version) = try read(harness, cookie)
        var zones = present
        zones[0]["name"] = "Mine"
        #expect(try send(harness, "PUT", place, cookie, ["zones": zones]).status == 428)
        let theirs = SiteFile.text.replacing("name: Gate", with: "name: North gate").replacing(
            "s3cret-word", with: "an0ther-word")
        try file.write(theirs)
        for path in [place, place + "?dry_run=1"] {
            let answer = try send(harness, "PUT", path, cookie, ["zones": zones], version: version)
            #expect(answer.status == 412)
            let problem = try answer.json()
            let diff = try #require(problem["diff"] as? String)
            #expect(diff.contains("+    name: North gate") && !diff.contains("s3cret") && !diff.contains("an0ther"))
            #expect(try problem["version"] as? String == ConfigurationFile.version(of: theirs))
        }
        #expect(try file.now == theirs && file.timesApplied == 0)
        try await harness.stop()
    }

    @Test func `faults are sentences in both languages with the path of the key, and nothing is written`() async throws
    {
        let file = try SiteFile()
        let harness = try await ConsoleHarness(configuration: file.parts())
        try harness.account("admin1", .admin)
        let cookie = try harness.signIn("admin1")
        let place = "/api/v1/cameras/cam-01/zones"
        let (zones, version) = try read(harness, cookie)
        func fault(_ change: (inout [[String: Any]]) -> Void) throws -> (type: String, fields: [[String: Any]]) {
            var zones = zones
            change(&zones)
            let answer = try send(harness, "PUT", place, cookie, ["zones": zones], version: version)
            #expect(
                answer.status == 422 && answer.headers["content-type"]?.contains("problem+json") == true,
                "\(answer.text)")
            let problem = try answer.json()
            return (try #require(problem["type"] as? String), try #require(problem["fields"] as? [[String: Any]]))
        }
        let crossed = try fault { $0[0]["polygon"] = [[0.1, 0.1], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]] }
        #expect(crossed.type == "urn:gridwarden:fault:zone_crosses")
        #expect(crossed.fields.first?["path"] as? String == "cameras.cam-01.zones.np1.polygon")
        #expect((crossed.fields.first?["zh"] as? String)?.contains("相交") == true)
        #expect((crossed.fields.first?["en"] as? String)?.contains("crosses") == true)
        // What only the reader of the file knows.
        let unknown = try fault { $0[0]["rules"] = ["parking.motor": ["dwel": "300"]] }
        #expect(unknown.type == "urn:gridwarden:fault:configuration")
        #expect((unknown.fields.first?["path"] as? String)?.hasPrefix("cameras.cam-01.zones.np1.rules") == true)
        #expect(unknown.fields.first?["line"] as? Int != nil && unknown.fields.first?["zone"] as? String == "np1")
        #expect(try send(harness, "PUT", place, cookie, ["zones": "x"], version: version).status == 400)
        #expect(
            try send(harness, "PUT", "/api/v1/cameras/cam-09/zones", cookie, ["zones": zones], version: version).status
                == 404)
        #expect(try file.now == SiteFile.text && file.timesApplied == 0)
        try await harness.stop()
    }

    @Test func `where the service may not write, the change is told, and nothing is lost`() async throws {
        let file = try SiteFile()
        // As a folder on a read-only disk: the lock cannot be had.
        try FileManager.default.createDirectory(
            at: file.folder.file(".gridwarden.yaml.lock"), withIntermediateDirectories: false)
        let harness = try await ConsoleHarness(configuration: file.parts())
        try harness.account("admin1", .admin)
        let cookie = try harness.signIn("admin1")
        let (present, version) = try read(harness, cookie)
        var zones = present
        zones[0]["name"] = "Mine"
        let answer = try send(
            harness, "PUT", "/api/v1/cameras/cam-01/zones", cookie, ["zones": zones], version: version)
        #expect(answer.status == 409)
        let problem = try answer.json()
        #expect(problem["type"] as? String == "urn:gridwarden:fault:not_writable")
        #expect((problem["diff"] as? String)?.contains("+        name: Mine") == true)
        #expect(try file.now == SiteFile.text)
        try await harness.stop()
    }

    @Test func `the preview tells by the rules what the last hour would have been, for zones drawn and in force`()
        async throws
    {
        let file = try SiteFile()
        let harness = try await ConsoleHarness(configuration: file.parts())
        file.park(Self.box, for: 900, until: harness.now)
        try harness.account("worker", .operator)
        let cookie = try harness.signIn("worker")
        var zones = try read(harness, cookie).zones
        let place = "/api/v1/cameras/cam-01/preview"
        func preview() throws -> [String: Any] {
            let answer = try send(harness, "POST", place, cookie, ["zones": zones])
            try #require(answer.status == 200, "\(answer.text)")
            return try answer.json()
        }
        func told(_ answer: [String: Any], _ key: String, _ zone: String = "np1") -> [[String: Any]]? {
            ((answer[key] as? [String: Any])?[zone] as? [String: Any])?["told"] as? [[String: Any]]
        }
        var answer = try preview()
        #expect(told(answer, "zones")?.count == 1 && told(answer, "in_force")?.count == 1)
        let ago = try #require(told(answer, "zones")?.first?["ago"] as? Double)
        #expect((590...610).contains(ago))
        #expect((answer["stays"] as? [[String: Any]])?.first?["class"] as? String == "car")
        // Moved away, the zone would have told nothing.
        zones[0]["polygon"] = [[0.6, 0.4], [0.9, 0.4], [0.9, 0.9], [0.6, 0.9]]
        answer = try preview()
        #expect(told(answer, "zones")?.isEmpty == true && told(answer, "in_force")?.count == 1)
        // Nor with a longer dwell; a rule that goes by something else says that it says nothing.
        zones[0]["polygon"] = [[0.1, 0.4], [0.5, 0.4], [0.5, 0.9], [0.1, 0.9]]
        zones[0]["rules"] =
            [
                "parking.motor": ["dwell": 1200], "vending.occupy_road": NSNull(), "env.garbage_exposed": NSNull(),
            ] as [String: Any]
        answer = try preview()
        #expect(told(answer, "zones")?.isEmpty == true)
        let unsaid = try #require(answer["unsaid"] as? [[String: String]])
        #expect(Set(unsaid.compactMap { $0["why"] }) == ["rule", "ground"])
        zones[0]["polygon"] = [[0.1, 0.4]]
        answer = try preview()
        let faults = try #require(answer["faults"] as? [[String: Any]])
        #expect(faults.count == 1 && told(answer, "zones") == nil && told(answer, "in_force")?.count == 1)
        #expect(try file.now == SiteFile.text)
        try await harness.stop()
    }

    @Test func `versions say who and when, show what changed, and go back; never over somebody else's edit`()
        async throws
    {
        let file = try SiteFile()
        let harness = try await ConsoleHarness(configuration: file.parts())
        try harness.account("admin1", .admin)
        let cookie = try harness.signIn("admin1")
        let list = "/api/v1/config/versions"
        #expect((try harness.send("GET", list, cookie: cookie).json()["items"] as? [Any])?.isEmpty == true)
        let (present, version) = try read(harness, cookie)
        var zones = present
        zones[0]["name"] = "Mine"
        #expect(
            try send(harness, "PUT", "/api/v1/cameras/cam-01/zones", cookie, ["zones": zones], version: version).status
                == 200)
        let page = try harness.send("GET", list, cookie: cookie).json()
        let items = try #require(page["items"] as? [[String: Any]])
        #expect(items.compactMap { $0["number"] as? Int } == [2, 1] && items.first?["by"] as? String == "admin1")
        #expect(page["undo"] as? Int == 1 && page["by_hand"] as? Bool == false)
        #expect((items.first?["at"] as? String)?.hasPrefix("2026-") == true)
        let changes = try harness.send("GET", list + "/2", cookie: cookie).json()
        #expect((changes["changes"] as? String)?.contains("+        name: Mine") == true)
        let first = try harness.send("GET", list + "/1", cookie: cookie).json()
        #expect(first["changes"] == nil && (first["restores"] as? String)?.contains("-        name: Mine") == true)
        let newest = try #require(page["version"] as? String)
        #expect(try send(harness, "POST", list + "/1/restore", cookie).status == 428)
        #expect(try send(harness, "POST", list + "/1/restore", cookie, version: version).status == 412)
        #expect(try send(harness, "POST", list + "/9/restore", cookie, version: newest).status == 404)
        #expect(try send(harness, "POST", list + "/1/restore?dry_run=1", cookie, version: newest).status == 200)
        #expect(try file.now != SiteFile.text)
        let restored = try send(harness, "POST", list + "/1/restore", cookie, version: newest)
        #expect(restored.status == 200 && file.timesApplied == 2)
        #expect(try file.now == SiteFile.text)
        let last = try #require(try harness.outbox.auditEntries().last)
        #expect(last.event == .configurationChanged && last.facts["restored"] == "1" && last.by == "admin1")
        try file.write(SiteFile.text + "# by hand\n")
        let after = try harness.send("GET", list, cookie: cookie).json()
        #expect(after["by_hand"] as? Bool == true)
        #expect((after["items"] as? [[String: Any]])?.first?["back_to"] as? Int == 1)
        try await harness.stop()
    }

    @Test
    func `an account of an area has its cameras and not the site's versions, and without a file there is nothing`()
        async throws
    {
        let file = try SiteFile()
        let harness = try await ConsoleHarness(configuration: file.parts(area: "320583102201"))
        try harness.account("here", .admin, area: "320583102")
        try harness.account("there", .admin, area: "320583103")
        try harness.account("worker", .operator)
        let (here, there) = (try harness.signIn("here"), try harness.signIn("there"))
        let (zones, version) = try read(harness, here)
        #expect(try harness.send("GET", "/api/v1/cameras/cam-01/zones", cookie: there).status == 404)
        let place = "/api/v1/cameras/cam-01/zones"
        #expect(try send(harness, "PUT", place, there, ["zones": zones], version: version).status == 403)
        #expect(
            try send(harness, "PUT", place, try harness.signIn("worker"), ["zones": zones], version: version).status
                == 403)
        #expect(try harness.send("GET", "/api/v1/config/versions", cookie: here).status == 403)
        try await harness.stop()
        let bare = try await ConsoleHarness()
        try bare.account("admin1", .admin)
        let answer = try bare.send("GET", place, cookie: try bare.signIn("admin1"))
        #expect(answer.status == 409 && answer.text.contains("no_configuration"))
        try await bare.stop()
    }
}
