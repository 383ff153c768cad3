import Foundation
import Glibc

/// A listening TCP socket on a free port, which no child of another test inherits.
enum LoopbackListener {
    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// The caller closes the descriptor.
    ///
    /// - Parameter address: of this machine; the loopback's unless another network must reach it.
    static func open(on host: String = "127.0.0.1") throws -> (descriptor: Int32, port: Int) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw Failed(description: "no socket: \(String(cString: strerror(errno)))") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr(host)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listens = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard listens else {
            let cause = String(cString: strerror(errno))
            close(listener)
            throw Failed(description: "could not listen on \(host): \(cause)")
        }
        return (listener, Int(UInt16(bigEndian: address.sin_port)))
    }
}
