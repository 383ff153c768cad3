import Domain
import Foundation
import Store
import TestSupport
import Testing

@testable import Centre
@testable import Console

/// The stream of events: what comes, in which order, and how it goes on.
@Suite(.waiting(minutes: 2)) struct PageFeedTests {
    private struct Event {
        var name = ""
        var id: String?
        var data = ""
    }

    private func events(_ answer: PageHarness.Answer) -> [Event] {
        // Between the lines stand the sizes of chunks.
        var (events, event): ([Event], Event) = ([], Event())
        for line in answer.text.replacing("\r\n", with: "\n").split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard parts.count == 2 else { continue }
            switch parts[0] {
            case "event": event.name = parts[1]
            case "id": event.id = parts[1]
            case "data":
                event.data = parts[1]
                events.append(event)
                event = Event()
            default: break
            }
        }
        return events
    }

    @Test func `who comes back with the id of an event hears what came after it, and nothing twice`() async throws {
        let harness = try await PageHarness()
        let street = try Street()
        let (first, second) = (try harness.report(street, 1), try harness.report(street, 2, zone: "np2"))
        let cookie = try harness.account("chen", .dispatcher)
        func listen(_ since: String?, _ cookie: String) throws -> [Event] {
            events(
                try harness.send(
                    "GET", "/api/v1/events" + (since.map { "?since=\($0)" } ?? ""), cookie: cookie, patience: 2))
        }
        let hello = try #require(try listen(nil, cookie).first)
        #expect(hello.name == "hello")
        let start = try #require(hello.id)
        #expect(try listen(start, cookie).map(\.name) == ["hello"])
        _ = try harness.step("accept", first.id, cookie: cookie)
        _ = try harness.step("accept", second.id, cookie: cookie)
        let heard = try listen(start, cookie).filter { $0.name == "case" }
        #expect(heard.count == 2 && heard[0].data.contains(first.id) && heard[1].data.contains(second.id))
        let after = try #require(heard.first?.id)
        let rest = try listen(after, cookie)
        #expect(rest.map(\.name) == ["hello", "case", "numbers"] && rest[1].data.contains(second.id))
        // Another database, or what it cannot tell.
        #expect(try listen("x.1", cookie).map(\.name) == ["hello", "reset"])
        // Somebody else's cases are no event.
        let elsewhere = try harness.account("v", .viewer, area: "320583102202")
        #expect(try listen(start, elsewhere).map(\.name) == ["hello"])
        try await harness.stop()
    }

    @Test func `many changes at once are told as one, and a command beside the page is heard of`() async throws {
        let harness = try await PageHarness()
        let street = try Street()
        let cookie = try harness.account("chen", .dispatcher)
        let start = try #require(
            events(try harness.send("GET", "/api/v1/events", cookie: cookie, patience: 1)).first?.id)
        for sequence in 1...60 { _ = try harness.report(street, Int64(sequence), zone: "z\(sequence)") }
        let heard = events(
            try harness.send("GET", "/api/v1/events?since=\(start)", cookie: cookie, patience: 2))
        #expect(heard.map(\.name) == ["hello", "refresh"])
        let item = try #require(try harness.room.cases(.found).first)
        let newest = try #require(heard.last?.id)
        _ = try harness.room.desk.take(.step(.accept), case: item.id)
        let after = events(
            try harness.send("GET", "/api/v1/events?since=\(newest)", cookie: cookie, patience: 2))
        #expect(after.map(\.name) == ["hello", "case", "numbers"])
        try await harness.stop()
    }
}
