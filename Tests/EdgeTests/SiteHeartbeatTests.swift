import Domain
import Foundation
import Logging
import ServiceLifecycle
import TestSupport
import Testing

@testable import Contract
@testable import Delivery
@testable import Edge
@testable import MQTT
@testable import Store

/// A site says at a steady pace that it lives, and until when that holds.
@Suite(.waiting)
struct SiteHeartbeatTests {
    @Test func `each beat renews what is retained, and names the next one`() async throws {
        let (broker, folder) = (try Broker(), try TemporaryFolder())
        let place = GridLocation(area: try AreaCode("320583102201"), grid: "003", microgrid: "02")
        let none = String(repeating: "0", count: 64)
        let site = SiteIdentity(
            id: "edge01", place: place, software: "0.1.0", configurationSHA256: none, catalogue: "2026.11",
            model: .init(name: "m", version: "1", sha256: none))
        let publisher = Publisher(
            outbox: try Outbox(file: folder.file("outbox.sqlite")),
            broker: MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: "edge01"), topics: AlertTopics(),
            site: site, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let screen = MQTTClient(MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: "screen"))
        try screen.start()
        try await screen.waitForConnection()
        try await screen.subscribe("mg/v1/site/#")
        let run = Task { try await publisher.run() }
        var messages = screen.messages.makeAsyncIterator()
        #expect(try SiteReport(json: Data(#require(await messages.next()).payload)).state == .online)

        let (beats, beat) = AsyncStream<Duration>.makeStream()
        let (turns, turn) = AsyncStream<Void>.makeStream()
        let heart = SiteHeartbeat(publisher: publisher) { wait in
            beat.yield(wait)
            for await _ in turns { return }
        }
        let beating = Task { try await heart.run() }
        var waits = beats.makeAsyncIterator()
        for _ in 0..<3 {
            let wait = try #require(await waits.next())
            #expect((.seconds(36)..<(.seconds(60))).contains(wait))
            turn.yield()
            let report = try SiteReport(json: Data(#require(await messages.next()).payload))
            let (at, next) = (try #require(report.at), try #require(report.nextAt))
            #expect(try #require(RFC3339.date(from: next)).timeIntervalSince(#require(RFC3339.date(from: at))) == 60)
        }
        beating.cancel()
        turn.finish()
        try await beating.value
        // Who reads with MQTT 5 sees for how long the broker keeps it.
        let expiry = try Self.output(
            "/usr/bin/mosquitto_sub",
            ["-V", "5", "-p", "\(broker.port)", "-t", "mg/v1/site/#", "-C", "1", "-W", "20", "-F", "%E"])
        #expect((1...120).contains(Int(expiry) ?? 0), "\(expiry)")
        run.cancel()
        try await run.value
        await publisher.drain(within: Patience.seconds(5))
        let last = try SiteReport(json: Data(#require(await messages.next()).payload))
        #expect(last.state == .offline && last.nextAt == nil)
        await screen.close()
    }

    private static func output(_ path: String, _ arguments: [String]) throws -> String {
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardOutput = pipe
        try process.run()
        let bytes = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
