import Foundation
import Glibc

/// The socket on which systemd hears of a service.
public final class NotifySocket: Sendable {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    public let path: String
    private let descriptor: Int32
    private let timeout: Duration

    /// - Parameter timeout: seconds for which `next` waits on an ordinary machine (`Patience`).
    public init(in folder: TemporaryFolder, timeout: Int) throws {
        path = folder.file("notify").path
        self.timeout = Patience.seconds(Double(timeout))
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard descriptor >= 0, path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Failed(description: "no socket at \(path)")
        }
        // That of another daemon in the same folder, before this one.
        unlink(path)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0 else { throw Failed(description: "no socket at \(path)") }
    }

    deinit { close(descriptor) }

    /// The next message before `end`; nil where none comes.
    public func next(until end: ContinuousClock.Instant) -> String? {
        while .now < end {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 50) > 0 else { continue }
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
        }
        return nil
    }

    /// Forgets what has been said so far.
    public func drop() {
        var byte: UInt8 = 0
        while recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT)) >= 0 {}
    }

    /// Waits for the next message that holds `text`.
    public func next(_ text: String) throws -> String {
        let end = ContinuousClock.now + timeout
        while let message = next(until: end) {
            if message.contains(text) { return message }
        }
        throw Failed(description: "nobody said \(text)")
    }
}
