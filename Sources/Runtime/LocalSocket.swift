import Glibc

/// A stream socket of this machine: an address and a port, or a path.
package enum LocalSocket: Sendable, Hashable, CustomStringConvertible {
    /// IPv4 or IPv6, in digits.
    case tcp(address: String, port: Int)
    case file(String)

    /// Longest path in bytes: sun_path of unix(7) has 108, and the last one is zero.
    package static let longestPath = 107

    package struct Failed: Error, CustomStringConvertible {
        package let description: String
        package let code: Int32
    }

    package var description: String {
        switch self {
        case .tcp(let address, let port): address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
        case .file(let path): path
        }
    }

    /// Listens; owner and group may use a socket file.
    func listening() throws(Failed) -> Int32 {
        // A socket file left by an earlier run.
        if case .file(let path) = self { unlink(path) }
        let descriptor = try opened("listen on") { descriptor, address, length in
            var yes: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
            return bind(descriptor, address, length) == 0 && listen(descriptor, 128) == 0
        }
        if case .file(let path) = self { chmod(path, 0o660) }
        return descriptor
    }

    package func connected() throws(Failed) -> Int32 {
        try opened("connect to") { connect($0, $1, $2) == 0 }
    }

    private func opened(
        _ operation: String, _ use: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool
    ) throws(Failed) -> Int32 {
        func failed(_ code: Int32, _ descriptor: Int32 = -1) -> Failed {
            if descriptor >= 0 { close(descriptor) }
            return Failed(description: "could not \(operation) \(self): \(String(cString: strerror(code)))", code: code)
        }
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failed(errno) }
        let isDone: Bool
        switch self {
        case .tcp(let text, let port) where text.contains(":"):
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = UInt16(truncatingIfNeeded: port).bigEndian
            guard inet_pton(AF_INET6, text, &address.sin6_addr) == 1 else { throw failed(EINVAL, descriptor) }
            isDone = Self.with(&address) { use(descriptor, $0, $1) }
        case .tcp(let text, let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
            guard inet_pton(AF_INET, text, &address.sin_addr) == 1 else { throw failed(EINVAL, descriptor) }
            isDone = Self.with(&address) { use(descriptor, $0, $1) }
        case .file(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
                throw failed(ENAMETOOLONG, descriptor)
            }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            isDone = Self.with(&address) { use(descriptor, $0, $1) }
        }
        guard isDone else { throw failed(errno, descriptor) }
        return descriptor
    }

    private var family: Int32 {
        switch self {
        case .tcp(let address, _): address.contains(":") ? AF_INET6 : AF_INET
        case .file: AF_UNIX
        }
    }

    private static func with<Address>(
        _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool
    ) -> Bool {
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Address>.size)) }
        }
    }
}
