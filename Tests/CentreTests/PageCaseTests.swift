import Domain
import Foundation
import Store
import TestSupport
import Testing

@testable import Centre
@testable import Console

/// Steps, lists, numbers and the table of the page.
@Suite(.waiting(minutes: 2)) struct PageCaseTests {
    private func stage(_ answer: PageHarness.Answer) throws -> String? {
        (try answer.json()["item"] as? [String: Any])?["stage"] as? String
    }

    @Test func `a case goes its way by the API, each by whom it is for, and a repetition changes nothing`()
        async throws
    {
        let harness = try await PageHarness { rules in
            rules.routes = [
                .init(
                    name: "police", kinds: "parking.*", area: "", department: "traffic-police", hasTopic: true,
                    hasWebhook: false)
            ]
        }
        let item = try harness.report(Street(), 1)
        let dispatcher = try harness.account("chen", .dispatcher)
        let worker = try harness.account("wang", .worker, area: "320583102201", grid: "003")
        try harness.account("li", .worker, department: "traffic-police")
        let police = try harness.secret(of: "li", .token)
        #expect(try harness.step("accept", item.id, cookie: worker).status == 403)
        let first = try harness.step("accept", item.number, cookie: dispatcher, request: "req-accept-1")
        #expect(try first.status == 200 && stage(first) == "accepted")
        let again = try harness.step("accept", item.number, cookie: dispatcher, request: "req-accept-1")
        #expect(try again.status == 200 && stage(again) == "accepted")
        #expect(try harness.room.file(item.id).history.count == 2)
        // Somebody was faster.
        let late = try harness.step("accept", item.id, cookie: dispatcher)
        #expect(try late.status == 409 && late.json()["stage"] as? String == "accepted")
        #expect(try harness.step("dispatch", item.id, cookie: dispatcher, request: "req-accept-1").status == 409)
        #expect(try harness.step("decline", item.id, cookie: dispatcher).status == 422)
        #expect(try stage(harness.step("dispatch", item.id, cookie: dispatcher)) == "dispatched")
        // A department answers by a token, which needs neither origin nor cookie.
        #expect(try harness.step("check", item.id, token: police).status == 403)
        #expect(try stage(harness.step("handled", item.id, token: police, ["note": "towed"])) == "handled")
        #expect(try stage(harness.step("rework", item.id, cookie: worker, ["note": "still there"])) == "dispatched")
        #expect(try stage(harness.step("handled", item.id, token: police)) == "handled")
        #expect(try stage(harness.step("check", item.id, cookie: worker)) == "checked")
        #expect(try harness.step("close", item.id, cookie: worker).status == 403)
        #expect(try stage(harness.step("close", item.id, cookie: dispatcher)) == "closed")
        let file = try harness.room.file(item.id)
        #expect(file.item.reworks == 1 && file.history.map(\.actor).contains("li") && file.deliveries.count == 2)
        #expect(file.requests.contains { $0.class == "review" })
        // The audit log names each step that was taken.
        let lines = try harness.accounts.auditLines(.init(), limit: 100)
        #expect(lines.count { $0.event == "case.changed" } == 8 && lines.contains { $0.by == "li" })
        #expect(try harness.room.check().isEmpty)
        try await harness.stop()
    }

    @Test func `a list goes on by its cursor, without gap and without repetition, open and over`() async throws {
        let harness = try await PageHarness()
        let street = try Street()
        for sequence in 1...7 {
            _ = try harness.report(street, Int64(sequence), zone: "z\(sequence)")
            harness.room.time.pass(60)
        }
        let cookie = try harness.account("chen", .dispatcher)
        func all(_ query: String) throws -> [String] {
            var (found, next): ([String], String?) = ([], nil)
            repeat {
                let after = next.map { "&after=\($0)" } ?? ""
                let answer = try harness.send("GET", "/api/v1/cases?limit=2&\(query)\(after)", cookie: cookie).json()
                let items = try #require(answer["items"] as? [[String: Any]])
                #expect(items.count <= 2)
                found += items.compactMap { $0["number"] as? String }
                next = answer["next"] as? String
            } while next != nil && found.count < 20
            return found
        }
        let open = try all("state=open")
        #expect(open.count == 7 && Set(open).count == 7 && open == open.sorted())
        for number in open.prefix(3) {
            #expect(
                try harness.step("decline", number, cookie: cookie, ["verdict": "false_positive"]).status == 200)
        }
        #expect(try all("state=ended") == open.prefix(3).reversed())
        // A search looks at so many for one answer, and goes on behind them.
        var filter = CaseQueries.Filter()
        (filter.isOpen, filter.words) = (false, open[0].lowercased())
        let whole = CaseScope(
            Account(name: "a", role: .viewer, created: harness.room.time.date), centre: try AreaCode("320583"))
        var (answers, cursor): ([[String]], CaseQueries.Cursor?) = ([], nil)
        repeat {
            let answer = try CaseQueries(store: harness.room.store).list(
                filter, whole, after: cursor, limit: 2, looked: 1)
            answers.append(answer.items.map(\.item.number))
            cursor = answer.next
        } while cursor != nil && answers.count < 10
        #expect(answers == [[], [], [open[0]], []])
        #expect(try all("state=ended&q=\(open[1].lowercased())") == [open[1]])
        #expect(try all("state=ended&kind=parking.*&area=320583102") == open.prefix(3).reversed())
        #expect(try all("stage=found").count == 4)
        #expect(try all("q=\(open[4].lowercased())") == [open[4]])
        #expect(try all("kind=parking.*").count == 4 && all("kind=env.*").isEmpty)
        #expect(try harness.send("GET", "/api/v1/cases?after=x", cookie: cookie).status == 400)
        #expect(try harness.send("GET", "/api/v1/cases?limit=101", cookie: cookie).status == 400)
        try await harness.stop()
    }

    @Test func `the numbers are those of the cases, at every level down to the grid`() async throws {
        let harness = try await PageHarness()
        let (here, there) = (try Street(1), try Street(2, village: "320583103201"))
        let first = try harness.report(here, 1)
        _ = try harness.report(here, 2, kind: "env.garbage_exposed")
        _ = try harness.report(there, 1)
        let cookie = try harness.account("chen", .dispatcher)
        _ = try harness.step("decline", first.id, cookie: cookie, ["verdict": "duplicate"])
        harness.room.time.pass(86_400)
        // A session lasts twelve hours.
        let later = try harness.account("li", .dispatcher)
        func overview(_ query: String) throws -> [String: Any] {
            try harness.send("GET", "/api/v1/overview\(query)", cookie: later).json()
        }
        func children(_ overview: [String: Any]) -> [String] {
            (overview["children"] as? [[String: Any]] ?? []).map {
                "\($0["code"] ?? "")/\($0["grid"] ?? ""):\($0["open"] ?? "")/\($0["overdue"] ?? "")"
            }
        }
        let county = try overview("")
        let figures = try #require(county["figures"] as? [String: Any])
        #expect(figures["open"] as? Int == 2 && figures["waiting"] as? Int == 2 && figures["overdue"] as? Int == 2)
        #expect(figures["found"] as? Int == 0 && figures["before"] as? Int == 3)
        #expect(children(county) == ["320583102/:1/1", "320583103/:1/1"])
        #expect(children(try overview("?area=320583102")) == ["320583102201/003:1/1"])
        #expect(children(try overview("?area=320583102201")) == ["320583102201/003:1/1"])
        let grid = try overview("?area=320583102201&grid=003")
        let micro = try #require((grid["children"] as? [[String: Any]])?.first)
        #expect(micro["microgrid"] as? String == "02" && micro["open"] as? Int == 1 && micro["cameras"] as? Int == 1)
        let sites = try #require(county["sites"] as? [String: Any])
        #expect(sites["cameras"] as? Int == 2 && sites["missing"] as? Int == 0)
        let kinds = try #require(county["kinds"] as? [[String: Any]])
        #expect(Set(kinds.compactMap { $0["kind"] as? String }) == ["parking.motor", "env.garbage_exposed"])
        try await harness.stop()
    }

    @Test func `what is missing and what is lost of a site stands on the page`() async throws {
        let harness = try await PageHarness()
        let street = try Street()
        _ = try harness.report(street, 1)
        _ = try harness.report(street, 5, zone: "np2")
        harness.room.pass(10)
        let cookie = try harness.account("v", .viewer)
        let answer = try harness.send("GET", "/api/v1/sites", cookie: cookie).json()
        let site = try #require((answer["items"] as? [[String: Any]])?.first)
        #expect(site["missing"] as? [[Int]] == [[2, 4]] && site["lost"] as? [[Int]] == [])
        let overview = try harness.send("GET", "/api/v1/overview", cookie: cookie).json()
        #expect((overview["sites"] as? [String: Any])?["missing"] as? Int == 3)
        try await harness.stop()
    }

    @Test func `the table has a line for each case, and the log knows of it`()
        async throws
    {
        let harness = try await PageHarness()
        let street = try Street()
        let first = try harness.report(street, 1)
        for sequence in 2...5 { _ = try harness.report(street, Int64(sequence), zone: "z\(sequence)") }
        let cookie = try harness.account("chen", .dispatcher)
        _ = try harness.step("accept", first.id, cookie: cookie)
        let answer = try harness.send("GET", "/api/v1/cases.csv?lang=en", cookie: cookie)
        #expect(answer.status == 200 && answer.headers["content-type"] == "text/csv; charset=utf-8")
        #expect(answer.text.contains("\u{FEFF}") && answer.text.contains("number,kind,code system"))
        #expect(answer.text.contains(first.number) && answer.text.contains("accepted"))
        #expect(answer.text.components(separatedBy: "QX-").count >= 6)
        let long = "?from=2020-01-01T00:00:00Z"
        #expect(try harness.send("GET", "/api/v1/cases.csv\(long)", cookie: cookie).status == 422)
        let lines = try harness.accounts.auditLines(.init(), limit: 10)
        #expect(lines.count { $0.event == "cases.exported" } == 1)
        try await harness.stop()
    }

    @Test func `a picture is shown to whom its case is, and written down; one that was not sent is said to be so`()
        async throws
    {
        let harness = try await PageHarness()
        _ = try harness.report(Street(), 1)
        let cookie = try harness.account("v", .viewer)
        let sha256 = String(repeating: "0", count: 64)
        #expect(try harness.send("GET", "/api/v1/evidence/\(sha256)", cookie: cookie).status == 202)
        _ = try harness.room.store.write { db in
            try db.execute("UPDATE evidence SET fetched_at = 1 WHERE sha256 = ?", [.text(sha256)])
        }
        #expect(try harness.send("GET", "/api/v1/evidence/\(sha256)", cookie: cookie).status == 410)
        try PictureFolder(url: harness.room.folder.file("evidence")).write([0xff, 0xd8], sha256: sha256)
        let answer = try harness.send("GET", "/api/v1/evidence/\(sha256)", cookie: cookie)
        #expect(answer.status == 200 && answer.headers["content-type"] == "image/jpeg")
        #expect(try harness.accounts.auditLines(.init(), limit: 1).first?.event == "evidence.viewed")
        try await harness.stop()
    }

    @Test func `a notice that was given up is listed, and sent again by an administrator`() async throws {
        let harness = try await PageHarness { rules in
            rules.routes = [
                .init(
                    name: "police", kinds: "parking.*", area: "", department: "traffic-police", hasTopic: true,
                    hasWebhook: false)
            ]
        }
        let item = try harness.report(Street(), 1)
        let admin = try harness.account("chief", .admin)
        _ = try harness.step("accept", item.id, cookie: admin)
        _ = try harness.step("dispatch", item.id, cookie: admin)
        try harness.room.store.write { db in
            for row in try DeliveryRow.due(route: "police:topic", db, at: harness.room.time.now, limit: 5) {
                try row.failed("refused", isFinal: true, db, at: harness.room.time.now)
            }
        }
        let answer = try harness.send("GET", "/api/v1/deliveries", cookie: admin).json()
        let dead = try #require((answer["items"] as? [[String: Any]])?.first)
        #expect(dead["number"] as? String == item.number && dead["error"] as? String == "refused")
        let id = try #require(dead["id"] as? String)
        #expect(try harness.send("POST", "/api/v1/deliveries/\(id)/retry", cookie: admin, body: "{}").status == 200)
        #expect(try harness.send("POST", "/api/v1/deliveries/\(id)/retry", cookie: admin, body: "{}").status == 404)
        let waiting = try harness.send("GET", "/api/v1/deliveries?state=waiting", cookie: admin).json()
        #expect((waiting["items"] as? [[String: Any]])?.count == 1)
        try await harness.stop()
    }

    @Test func `what pages ask goes by an index`() throws {
        let room = try Room()
        let account = Account(name: "a", role: .viewer, area: try AreaCode("320583102"), created: room.time.date)
        let all = Account(name: "b", role: .viewer, created: room.time.date)
        func plan(_ filter: CaseQueries.Filter, _ account: Account) throws -> String {
            let scope = CaseScope(account, centre: try AreaCode("320583"))
            let (sql, values) = CaseQueries.list(filter, scope, after: nil, limit: 50)
            return try room.store.read {
                try $0.rows("EXPLAIN QUERY PLAN \(sql)", values).map { $0.name(3) }.joined(separator: "; ")
            }
        }
        var filter = CaseQueries.Filter()
        #expect(try plan(filter, account).contains("SEARCH casefile USING INDEX casefile_open (area12>? AND area12<?)"))
        filter.isOpen = false
        let ended = try plan(filter, all)
        #expect(ended.contains("casefile_found") && !ended.contains("TEMP B-TREE"), "\(ended)")
        let village = Account(name: "c", role: .viewer, area: try AreaCode("320583102201"), created: room.time.date)
        let one = try plan(filter, village)
        #expect(one.contains("casefile_area (area12=?") && !one.contains("FOR ORDER BY"), "\(one)")
        filter.words = "rare"
        let rare = try plan(filter, account)
        #expect(rare.contains("SCAN casefile USING INDEX casefile_found"), "\(rare)")
    }
}
