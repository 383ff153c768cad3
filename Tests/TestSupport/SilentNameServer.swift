import Foundation
import Glibc

/// Name servers that take each question and answer none, for the programs that are started through `prefix`: these see
/// a resolv.conf of their own, in a private mount namespace.
public final class SilentNameServer: Sendable {
    /// Begins the words of a program that asks them.
    public let prefix: [String]
    private let sockets: [Int32]
    private let folder: TemporaryFolder

    /// Nil where the port of name servers may not be taken, or nothing may be mounted.
    public init?() throws {
        folder = try TemporaryFolder()
        // Three of them, and a domain to search: glibc then looks for 56 s before it gives up.
        let addresses = (1...3).map { "127.83.\(Int(getpid()) % 250).\($0)" }
        sockets = addresses.compactMap(Self.listen)
        let file = folder.file("resolv.conf")
        let lines = addresses.map { "nameserver \($0)" } + ["search example.test"]
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
        let script = "mount --bind '\(file.path)' /etc/resolv.conf && exec \"$@\""
        prefix = ["/usr/bin/unshare", "-m", "/bin/sh", "-c", script, "sh"]
        let trial = try ChildProcess(
            URL(filePath: prefix[0]), prefix.dropFirst() + ["/bin/true"], log: folder.file("log"))
        trial.wait()
        guard sockets.count == addresses.count, trial.exit == 0 else { return nil }
    }

    deinit { for socket in sockets { close(socket) } }

    /// What was asked since the last call, as it stands in the packets.
    public func questions() -> String {
        var text = ""
        var packet = [UInt8](repeating: 0, count: 512)
        for socket in sockets {
            while case let count = recv(socket, &packet, packet.count, Int32(MSG_DONTWAIT)), count > 0 {
                // Labels have their length before them: `\u{6}camera\u{7}example`.
                text += String(decoding: packet.prefix(count).map { (32...126).contains($0) ? $0 : 46 }, as: UTF8.self)
                text += "\n"
            }
        }
        return text
    }

    private static func listen(_ text: String) -> Int32? {
        let socket = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(53).bigEndian
        let isBound =
            inet_pton(AF_INET, text, &address.sin_addr) == 1
            && withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
        if isBound { return socket }
        close(socket)
        return nil
    }
}
