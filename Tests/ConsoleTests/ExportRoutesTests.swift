import Contract
import Domain
import Foundation
import Store
import TestSupport
import Testing

@testable import Console

@Suite struct SpreadsheetTextTests {
    @Test func `what a spreadsheet would compute is text`() {
        for text in [
            "=1+1", "+86", "-2", "@SUM(A1)", "=HYPERLINK(\"http://x\")", "\t=1", "\r=1", "\n=1", "  =cmd|' /C calc'!A0",
            "＝1+1", "＋1", "－1", "＠x",
        ] {
            let cell = SpreadsheetText.cell(text)
            #expect(cell.hasPrefix("'") || cell.hasPrefix("\"'"), "\(text): \(cell)")
        }
        for text in ["", "东门", "a=b", "320583102201", "2026-11-29 21:01:34", "cam-01"] {
            #expect(SpreadsheetText.cell(text) == text)
        }
    }

    @Test func `cells are quoted as RFC 4180 has it`() {
        #expect(
            SpreadsheetText.line(["a", "b,c", "say \"x\"", "two\nlines"])
                == "a,\"b,c\",\"say \"\"x\"\"\",\"two\nlines\"\r\n")
        #expect(SpreadsheetText.cell("=a,\"b\"") == "\"'=a,\"\"b\"\"\"")
    }
}

/// The list of incidents as a table.
@Suite(.waiting(minutes: 2)) struct ExportRoutesTests {
    /// The text of an answer that came in parts.
    private func table(_ answer: ConsoleHarness.Answer) throws -> String {
        var (rest, bytes): (ArraySlice<UInt8>, [UInt8]) = (answer.body[...], [])
        guard answer.headers["transfer-encoding"] == "chunked" else { return answer.text }
        while let end = rest.firstRange(of: [13, 10]) {
            let count = try #require(Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16))
            guard count > 0 else { break }
            bytes += rest[end.upperBound...].prefix(count)
            rest = rest[end.upperBound...].dropFirst(count + 2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `the table holds what the list shows, in the language of the page, for Excel too`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("worker", .operator)
        let cookie = try harness.session(of: "worker")
        var ids: [String] = []
        for number in 0..<230 {
            harness.pass(60)
            ids.insert(try harness.report(number.isMultiple(of: 2) ? "cam-01" : "cam-02").id.text, at: 0)
        }
        let answer = try harness.send("GET", "/api/v1/incidents.csv?camera=cam-02&lang=en", cookie: cookie)
        #expect(answer.status == 200 && answer.headers["content-type"] == "text/csv; charset=utf-8")
        #expect(
            answer.headers["content-disposition"]?.hasPrefix("attachment; filename=\"incidents-edge-01-2026-") == true)
        let text = try table(answer)
        #expect(text.unicodeScalars.first == "\u{FEFF}")
        let lines = text.components(separatedBy: "\r\n")
        #expect(
            lines[0].hasSuffix(
                "incident,kind,kind name,code system,code,severity,state,reason,review,area code,grid,"
                    + "micro-grid,camera,camera name,zone,first seen,confirmed,last seen,gone,dwell seconds,allowed seconds,"
                    + "department,usual limit,pictures,sequence,delivered"))
        #expect(lines.count == 117 && lines.last == "")
        let every = ids.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
        #expect(lines.dropFirst().dropLast().map { String($0.prefix(36)) } == every)
        #expect(lines[1].contains(",320583102201,003,02,cam-02,东门,gate,2026-"))
        #expect(try table(harness.send("GET", "/api/v1/incidents.csv", cookie: cookie)).contains("事件编号,类别,"))
        let exported = try harness.outbox.auditEntries().filter { $0.event == .incidentsExported }
        #expect(exported.map { $0.facts["incidents"] } == ["115", "230"] && exported.allSatisfy { $0.by == "worker" })
        #expect(exported.first?.facts["camera"] == "cam-02")
        try await harness.stop()
    }

    @Test func `a table has what lies in the account's area, and no formula of somebody's name`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("here", .operator, area: "320583102")
        let cookie = try harness.session(of: "here")
        let elsewhere = try harness.report(area: "320583103204")
        let here = try harness.report(name: "=HYPERLINK(\"http://evil.example\",\"东门\")")
        let text = try table(harness.send("GET", "/api/v1/incidents.csv", cookie: cookie))
        #expect(text.contains(here.id.text) && !text.contains(elsewhere.id.text))
        #expect(text.contains(",\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"东门\"\")\","))
        try await harness.stop()
    }

    @Test func `at most a year at a time, and nothing for who only looks`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("worker", .operator)
        try harness.account("viewer", .viewer)
        let cookie = try harness.session(of: "worker")
        func status(_ query: String) throws -> Int {
            try harness.send("GET", "/api/v1/incidents.csv?\(query)", cookie: cookie).status
        }
        #expect(try status("from=2024-01-01T00:00:00Z&to=2026-01-01T00:00:00Z") == 422)
        #expect(try status("from=2025-01-01T00:00:00Z&to=2026-01-01T00:00:00Z") == 200)
        #expect(try status("from=yesterday") == 400)
        let viewer = try harness.session(of: "viewer")
        #expect(try harness.send("GET", "/api/v1/incidents.csv", cookie: viewer).status == 403)
        #expect(try harness.outbox.auditEntries().filter { $0.event == .incidentsExported }.count == 1)
        try await harness.stop()
    }
}
