import Contract
import Domain
import Foundation
import NIOCore
import Store
import TestSupport
import Testing

@testable import Console

/// Reads a stream of events as it comes.
private final class Reader {
    private let line: Line
    private var text = ""
    private(set) var last: String?

    /// - Parameter query: with its question mark.
    init(_ harness: ConsoleHarness, _ cookie: String, query: String = "", lastID: String? = nil) throws {
        line = try Line(harness.number)
        let resume = lastID.map { "Last-Event-ID: \($0)\r\n" } ?? ""
        line.write(
            Array(
                "GET /api/v1/events\(query) HTTP/1.1\r\nHost: localhost\r\nCookie: \(cookie)\r\n\(resume)\r\n".utf8))
    }

    /// The name and data of the next event; nil where none comes in time.
    func next() -> (name: String, data: [String: Any])? {
        while true {
            if let event = take() { return event }
            guard let part = line.read() else { return nil }
            // Chunks have their sizes on lines of their own.
            text += String(decoding: part.filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
        }
    }

    private func take() -> (name: String, data: [String: Any])? {
        guard let end = text.range(of: "\n\n"), let start = text.range(of: "event: ") else { return nil }
        guard start.lowerBound < end.lowerBound else {
            text = String(text[end.upperBound...])
            return take()
        }
        let lines = text[..<end.lowerBound].split(separator: "\n")
        text = String(text[end.upperBound...])
        func value(_ name: String) -> String? {
            lines.first { $0.hasPrefix("\(name): ") }.map { String($0.dropFirst(name.count + 2)) }
        }
        last = value("id") ?? last
        let data = value("data").flatMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] }
        return (value("event") ?? "", data ?? [:])
    }
}

@Suite(.waiting(minutes: 2)) struct EventTests {
    @Test func `a stream says hello, then each incident as it comes and changes`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("worker", .viewer)
        let reader = try Reader(harness, try harness.signIn("worker"))
        let hello = try #require(reader.next())
        #expect(hello.name == "hello" && hello.data["version"] as? String == "test")
        var incident = try harness.report()
        let opened = try #require(reader.next())
        #expect(opened.name == "incident" && opened.data["id"] as? String == incident.id.text)
        #expect(opened.data["state"] as? String == "opened" && opened.data["review"] as? String == "pending")
        incident.state = .closed
        incident.closeReason = .cleared
        incident.closed = MediaTime(400)
        incident.revision += 1
        try harness.append(incident)
        #expect(reader.next()?.data["state"] as? String == "closed")
        try await harness.stop()
    }

    @Test func `a stream that is cut at any place resumes without a hole`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("worker", .viewer)
        let cookie = try harness.signIn("worker")
        var (written, seen): ([String], [String]) = ([], [])
        var generator = SystemRandomNumberGenerator()
        var last: String?
        for _ in 0..<6 {
            let reader = try Reader(harness, cookie, lastID: last)
            #expect(reader.next()?.name == "hello")
            last = reader.last
            for _ in 0..<Int.random(in: 1...8, using: &generator) { written.append(try harness.report().id.text) }
            // It reads some of them, and is cut.
            let rest = written.count - seen.count
            for _ in 0..<Int.random(in: 0...rest, using: &generator) {
                let event = try #require(reader.next())
                #expect(event.name == "incident")
                seen.append(try #require(event.data["id"] as? String))
                last = reader.last
            }
            for _ in 0..<2 { written.append(try harness.report().id.text) }
        }
        let reader = try Reader(harness, cookie, lastID: last)
        #expect(reader.next()?.name == "hello")
        while seen.count < written.count { seen.append(try #require(reader.next()?.data["id"] as? String)) }
        #expect(seen == written)
        try await harness.stop()
    }

    @Test func `an id of another store, or too long ago, has the page read anew`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("worker", .viewer)
        let cookie = try harness.signIn("worker")
        for id in ["another-epoch.3", "\(harness.outbox.epoch).99"] {
            let reader = try Reader(harness, cookie, query: "?since=\(id)")
            #expect(reader.next()?.name == "hello")
            #expect(reader.next()?.name == "reset", "\(id)")
        }
        let reader = try Reader(harness, cookie, query: "?since=nonsense")
        #expect(reader.next()?.name == "hello")
        try harness.report()
        #expect(reader.next()?.name == "incident")
        try await harness.stop()
    }

    @Test func `an account with an area hears of nothing elsewhere`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("here", .operator, area: "320583102")
        let cookie = try harness.signIn("here")
        let reader = try Reader(harness, cookie)
        #expect(reader.next()?.name == "hello")
        let elsewhere = try harness.report(area: "320583103204")
        let here = try harness.report()
        #expect(reader.next()?.data["id"] as? String == here.id.text)
        #expect(try harness.send("GET", "/api/v1/incidents/\(elsewhere.id.text)", cookie: cookie).status == 404)
        let list = try harness.send("GET", "/api/v1/incidents", cookie: cookie).json()
        #expect((list["items"] as? [[String: Any]])?.compactMap { $0["id"] as? String } == [here.id.text])
        #expect((list["counts"] as? [String: Int])?["pending"] == 1)
        try await harness.stop()
    }

    @Test func `a camera whose state changes is told, to those whose area it is in`() async throws {
        let harness = try await ConsoleHarness()
        harness.see { $0.rows.append(ConsoleHarness.camera("cam-02", "Elsewhere", area: "320583103204")) }
        try harness.account("here", .viewer, area: "320583102")
        let reader = try Reader(harness, try harness.signIn("here"))
        #expect(reader.next()?.name == "hello")
        harness.see(telling: "cam-02") { _ in }
        harness.see(telling: "cam-01") { $0.rows[0].warning = "its clock was set" }
        let event = try #require(reader.next())
        #expect(event.name == "camera" && event.data["id"] as? String == "cam-01")
        #expect(event.data["warning"] as? String == "its clock was set" && event.data["zones"] == nil)
        try await harness.stop()
    }

    @Test func `four streams of a session are open at a time, and a stop ends them all`() async throws {
        let harness = try await ConsoleHarness()
        try harness.account("worker", .viewer)
        let cookie = try harness.signIn("worker")
        let readers = try (0..<4).map { _ in try Reader(harness, cookie) }
        for reader in readers { #expect(reader.next()?.name == "hello") }
        #expect(try harness.send("GET", "/api/v1/events", cookie: cookie).status == 503)
        try await harness.stop()
        for reader in readers { #expect(reader.next() == nil) }
    }

    @Test func `a reader that takes nothing is cut off, and keeps a bounded queue`() {
        let stream = EventStream()
        let part = ByteBuffer(repeating: 0, count: 10_000)
        var count = 0
        while stream.send(part) { count += 1 }
        #expect(count == 26)
        #expect(!stream.send(part))
    }

    @Test func `ids of events are read as they are written, and nonsense is none`() {
        let id = EventID(epoch: "0199-a.b", change: 12)
        #expect(EventID(id.text) == id)
        for text in ["", ".", "a.", ".1", "a.-1", "a", String(repeating: "a", count: 200) + ".1"] {
            #expect(EventID(text) == nil, "\(text)")
        }
    }
}
