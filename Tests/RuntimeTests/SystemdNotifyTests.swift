import Foundation
import Glibc
import TestSupport
import Testing

@testable import Runtime

@Suite(.waiting) struct SystemdNotifyTests {
    /// A datagram socket as systemd has it; returns what arrives.
    private func receive(at path: String, _ send: () -> Bool) throws -> String? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        if path.hasPrefix("@") { address.sun_path.0 = 0 }
        let length = socklen_t(2 + path.utf8.count)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        try #require(bound == 0)
        guard send() else { return nil }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count >= 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    }

    @Test func `readiness arrives at a socket file`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("notify").path
        #expect(try receive(at: path) { SystemdNotify.send("READY=1", to: path) } == "READY=1")
    }

    @Test func `a sign of life arrives in the abstract namespace`() throws {
        let path = "@gridwarden-test-\(UUID().uuidString)"
        #expect(try receive(at: path) { SystemdNotify.send("WATCHDOG=1", to: path) } == "WATCHDOG=1")
    }

    @Test func `where nobody reads, nobody waits`() throws {
        let folder = try TemporaryFolder()
        let socket = try NotifySocket(in: folder, timeout: 1)
        // A thousand are more than any queue of the kernel holds.
        let taken = (0..<1000).prefix { _ in SystemdNotify.send("WATCHDOG=1", to: socket.path) }.count
        #expect(taken > 0 && taken < 1000)
        _ = try socket.next("WATCHDOG=1")
        #expect(SystemdNotify.send("STOPPING=1", to: socket.path))
    }

    @Test func `outside systemd nothing is sent`() {
        #expect(!SystemdNotify.send("READY=1", to: nil))
        #expect(!SystemdNotify.send("READY=1", to: "/nonexistent/socket"))
        #expect(!SystemdNotify.send("READY=1", to: String(repeating: "x", count: 200)))
    }
}
