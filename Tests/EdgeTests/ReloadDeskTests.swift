import Delivery
import Foundation
import Logging
import TestSupport
import Testing
import Threading

@testable import Edge

/// Wishes for a reload, and what becomes of them.
@Suite(.waiting) struct ReloadDeskTests {
    @Test func `whoever comes before a reload begins shares it, and whoever comes later has the next`() async {
        let desk = ReloadDesk(running: "a")
        #expect(desk.wish() == 1 && desk.wish() == 1)
        #expect(desk.begin() == 1)
        // The file is read from now on: what is written later needs another reload.
        #expect(desk.wish() == 2 && desk.wish() == 2)
        #expect(desk.report(1) == .some(nil) && desk.report(2) == .some(nil))
        #expect(desk.report(0) == nil && desk.report(3) == nil)
        desk.settle(1, ReloadReport(outcome: .refused, reason: "x"))
        #expect(desk.running == "a")
        #expect(desk.begin() == 2 && desk.begin() == nil)
        desk.settle(2, ReloadReport(outcome: .applied, sha256: "b"))
        #expect(desk.running == "b")
        #expect(desk.report(1)??.reason == "x" && desk.report(2)??.outcome == .applied)
        var wishes = desk.wishes.makeAsyncIterator()
        #expect(await wishes.next() != nil)
    }

    @Test func `old reports go`() {
        let desk = ReloadDesk(running: "a")
        for _ in 0..<200 {
            desk.wish()
            if let number = desk.begin() { desk.settle(number, ReloadReport(outcome: .applied, sha256: "b")) }
        }
        #expect(desk.report(1) == nil && desk.report(200) != nil)
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
            for await _ in desk.wishes {
                guard let number = desk.begin() else { continue }
                desk.settle(number, ReloadReport(outcome: .needsRestart, needsRestart: ["broker.host"]))
                return
            }
        }
        let report = try await onOwnThread(named: "client") { try StatusClient.reload(of: folder.url) }
        #expect(report == ReloadReport(outcome: .needsRestart, needsRestart: ["broker.host"]))
        await serving.value
        #expect(try StatusClient.configuration(of: folder.url).running == "a")
        let refused = String(decoding: try StatusClient.get("/reload", from: address, method: "POST"), as: UTF8.self)
        #expect(refused.hasPrefix("HTTP/1.1 405 "))
        #expect(throws: StatusClient.Unreached.self) { try StatusClient.reload(of: folder.url, patience: 0.2) }
        running.cancel()
        try await running.value
    }
}
