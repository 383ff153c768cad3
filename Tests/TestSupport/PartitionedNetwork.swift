public import Foundation
import Glibc
import Synchronization

/// A network namespace behind a cable that can be cut; gone with `stop`, or with the value.
public final class PartitionedNetwork: Sendable {
    public enum Cut: Sendable, CaseIterable {
        /// The cable is pulled on our side: who connects is told at once that there is no way.
        case unplugged
        /// The cable is pulled on the far side.
        case unpluggedThere
        /// Every packet is lost in both directions, and nobody is told.
        case silent
    }

    private struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    private static let tool = URL(filePath: "/usr/sbin/ip")
    private static let count = Mutex(0)
    private static let prefix = "gwtest"
    /// Nobody's: a packet for it is dropped.
    private static let nobody = "02:00:00:00:00:00"

    /// Our end of the cable, to listen on.
    public let address: String
    private let farAddress: String
    private let name: String
    private let isThere = Mutex(true)
    private var near: String { name + "a" }
    private var far: String { name + "b" }

    /// Nil where namespaces may not be made here or `ip` is missing; `reason` then says which.
    public static func make(orTell tell: (String) -> Void) -> PartitionedNetwork? {
        guard geteuid() == 0 else {
            tell("the partitioned network is skipped: it needs root")
            return nil
        }
        guard FileManager.default.isExecutableFile(atPath: tool.path) else {
            tell("the partitioned network is skipped: \(tool.path) is missing, run 'make deps'")
            return nil
        }
        sweep()
        do { return try PartitionedNetwork() } catch {
            tell("the partitioned network is skipped: \(error)")
            return nil
        }
    }

    private init() throws {
        let number = Self.count.withLock { count in
            count += 1
            return count
        }
        // At most 15 letters with the end of the cable.
        name = "\(Self.prefix)\(getpid() % 1_000_000)\(Character(UnicodeScalar(UInt8(97 + number % 26))))"
        // Of the block for measuring networks, RFC 2544: nobody's on the Internet.
        let net = "198.18.\(Int(getpid()) % 256)"
        address = "\(net).\(4 * (number % 60) + 1)"
        farAddress = "\(net).\(4 * (number % 60) + 2)"
        do {
            try Self.ip("netns", "add", name)
            try Self.ip("link", "add", near, "type", "veth", "peer", "name", far)
            try Self.ip("link", "set", far, "netns", name)
            try Self.ip("addr", "add", "\(address)/30", "dev", near)
            try Self.ip("link", "set", near, "up")
            try inside("addr", "add", "\(farAddress)/30", "dev", far)
            try inside("link", "set", far, "up")
            try inside("link", "set", "lo", "up")
        } catch {
            stop()
            throw error
        }
    }

    deinit { stop() }

    /// Starts a program at the far end of the cable.
    public func start(_ program: URL, _ arguments: [String], log: URL) throws -> ChildProcess {
        // `ip` becomes the program: the child is the program itself.
        try ChildProcess(Self.tool, ["netns", "exec", name, program.path] + arguments, log: log)
    }

    public func cut(_ cut: Cut) throws {
        switch cut {
        case .unplugged: try Self.ip("link", "set", near, "down")
        case .unpluggedThere: try inside("link", "set", far, "down")
        case .silent:
            try Self.ip("neigh", "replace", farAddress, "lladdr", Self.nobody, "dev", near, "nud", "permanent")
            try inside("neigh", "replace", address, "lladdr", Self.nobody, "dev", far, "nud", "permanent")
        }
    }

    /// Mends whatever was cut.
    public func heal() throws {
        try Self.ip("link", "set", near, "up")
        try inside("link", "set", far, "up")
        // Where it was not silent there is nothing to delete, or what there is is learnt again.
        try? Self.ip("neigh", "del", farAddress, "dev", near)
        try? inside("neigh", "del", address, "dev", far)
    }

    /// Whoever still runs inside keeps a namespace alive, but not its name and its cable.
    public func stop() {
        let isFirst = isThere.withLock { isThere in
            defer { isThere = false }
            return isThere
        }
        guard isFirst else { return }
        try? Self.ip("link", "del", near)
        try? Self.ip("netns", "del", name)
    }

    /// What test processes that were killed have left.
    private static func sweep() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/run/netns")) ?? []
        for name in names where name.hasPrefix(prefix) {
            guard let id = pid_t(name.dropFirst(prefix.count).prefix(while: \.isNumber)) else { continue }
            guard kill(id, 0) != 0, errno == ESRCH else { continue }
            try? ip("link", "del", name + "a")
            try? ip("netns", "del", name)
        }
    }

    private func inside(_ arguments: String...) throws { try Self.ip(["-n", name] + arguments) }

    private static func ip(_ arguments: String...) throws { try ip(arguments) }

    private static func ip(_ arguments: [String]) throws {
        let folder = try TemporaryFolder()
        let child = try ChildProcess(tool, arguments, log: folder.file("log"))
        child.wait()
        guard child.exit == 0 else {
            let cause = (try? String(contentsOf: folder.file("log"), encoding: .utf8)) ?? ""
            throw Failed(
                description: "ip \(arguments.joined(separator: " ")): "
                    + cause.trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }
}
