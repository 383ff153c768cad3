import Glibc

/// An address of IPv4 or IPv6.
struct SocketAddress {
    private var storage: sockaddr_storage
    private let length: socklen_t

    init?(peerOf socket: Int32) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(socket, $0, &length) }
        }
        guard code == 0 else { return nil }
        (self.storage, self.length) = (storage, length)
    }

    /// Any address of this machine, of a family.
    init(anyOf family: Int32, port: Int) {
        var storage = sockaddr_storage()
        storage.ss_family = sa_family_t(family)
        self.storage = storage
        length = socklen_t(family == AF_INET6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
        self.port = port
    }

    var family: Int32 { Int32(storage.ss_family) }

    var port: Int {
        get {
            withUnsafeBytes(of: storage) {
                Int(UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
            }
        }
        set {
            withUnsafeMutableBytes(of: &storage) {
                $0.storeBytes(of: UInt16(truncatingIfNeeded: newValue).bigEndian, toByteOffset: 2, as: UInt16.self)
            }
        }
    }

    func isSameHost(as other: SocketAddress) -> Bool {
        guard family == other.family else { return false }
        // Behind family and port; of IPv6 also behind the flow.
        let part = family == AF_INET6 ? 8..<24 : 4..<8
        return withUnsafeBytes(of: storage) { one in
            withUnsafeBytes(of: other.storage) { one[part].elementsEqual($0[part]) }
        }
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    /// Filled in by a call of the system's.
    static func filled(_ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int) -> (
        result: Int, address: SocketAddress
    ) {
        var address = SocketAddress(anyOf: AF_INET6, port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &address.storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
        }
        return (result, address)
    }
}
