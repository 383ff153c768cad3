import Delivery
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing
import Threading

@testable import Edge
@testable import Runtime

/// Wishes for a reload, and what becomes of them.
@Suite(.waiting) struct ReloadDeskTests {
    /// What happens, in its order.
    private final class Diary: Sendable {
        private let held = Mutex<[String]>([])
        var lines: [String] { held.withLock { $0 } }
        func note(_ line: String) { held.withLock { $0.append(line) } }
    }

    @Test func `one reload begins after the other has ended, and whoever comes meanwhile shares the next`() async {
        let desk = ReloadDesk(running: "a")
        let diary = Diary()
        #expect(desk.wish() == 1 && desk.wish() == 1)
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let serving = Task {
            await desk.serve { number in
                diary.note("begins \(number)")
                // The first one takes its time.
                if number == 1 { for await _ in gate { break } }
                diary.note("ends \(number)")
                return number < 3 ? ReloadReport(outcome: .applied, sha256: "\(number)") : nil
            }
        }
        while diary.lines.isEmpty { await Task.yield() }
        // What was written by now may have been read or not: another reload is needed.
        #expect(desk.wish() == 2 && desk.wish() == 2)
        #expect(desk.report(1) == .some(nil) && desk.report(2) == .some(nil))
        #expect(desk.report(0) == nil && desk.report(3) == nil)
        for _ in 0..<1000 { await Task.yield() }
        #expect(diary.lines == ["begins 1"] && desk.running == "a")
        opener.yield()
        while desk.running != "2" { await Task.yield() }
        #expect(desk.report(1)??.sha256 == "1" && desk.report(2)??.sha256 == "2")
        #expect(desk.wish() == 3)
        await serving.value
        #expect(diary.lines == ["begins 1", "ends 1", "begins 2", "ends 2", "begins 3", "ends 3"])
        #expect(desk.report(3) == .some(nil))
    }

    @Test func `old reports go, and what is refused leaves in use what was`() async {
        let desk = ReloadDesk(running: "a")
        desk.wish()
        await desk.serve { number in
            if number == 201 { return nil }
            desk.wish()
            return ReloadReport(outcome: .refused, reason: "\(number)")
        }
        #expect(desk.report(1) == nil && desk.report(200)??.reason == "200" && desk.running == "a")
    }

    @Test func `a client wishes over the socket in the state folder and is told, and an address takes no wishes`()
        async throws
    {
        let folder = try TemporaryFolder()
        let desk = ReloadDesk(running: "a")
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        struct Unreadable: Error {}
        let respond: @Sendable (String) -> StatusServer.Response? = {
            desk.response($0, .init()) { throw Unreadable() }
        }
        let file = LocalSocket.file(folder.file(StatusClient.socketName).path)
        let address = LocalSocket.tcp(address: "127.0.0.1", port: try FreePort.tcp())
        let servers = [
            StatusServer(file, logger: logger, respond: respond, take: desk.take),
            StatusServer(address, logger: logger, respond: respond),
        ]
        #expect(throws: StatusClient.Unreached.noDaemon) { try StatusClient.reload(of: folder.url) }
        let running = Task {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for server in servers { group.addTask { try await server.run() } }
                try await group.waitForAll()
            }
        }
        for socket in [file, address] {
            while (try? StatusClient.get("/", from: socket)) == nil { try await Task.sleep(for: .milliseconds(5)) }
        }
        let serving = Task {
            await desk.serve { number in
                number == 1 ? ReloadReport(outcome: .needsRestart, needsRestart: ["broker.host"]) : nil
            }
        }
        let report = try await onOwnThread(named: "client") { try StatusClient.reload(of: folder.url) }
        #expect(report == ReloadReport(outcome: .needsRestart, needsRestart: ["broker.host"]))
        #expect(try StatusClient.configuration(of: folder.url).running == "a")
        let refused = String(decoding: try StatusClient.get("/reload", from: address, method: "POST"), as: UTF8.self)
        #expect(refused.hasPrefix("HTTP/1.1 405 "))
        #expect(throws: StatusClient.Unreached.self) { try StatusClient.reload(of: folder.url, patience: 0.2) }
        await serving.value
        running.cancel()
        try await running.value
    }
}
