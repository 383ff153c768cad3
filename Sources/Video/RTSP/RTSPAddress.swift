import Foundation
import Glibc

/// The destination of an RTSP request: the host to connect to, and the address in the request.
struct RTSPAddress: Equatable {
    /// `rtsp` or `rtsps`; possibly another one in a camera's redirect.
    let scheme: String
    /// As in the address, in lower case, an IPv6 address with its brackets; empty where there is none.
    let host: String
    let port: Int
    /// Without user and password, otherwise in its original spelling.
    let text: String

    /// TCP ports: RTSP's, and libavformat's for RTSP over TLS, for which no standard names one.
    private static let ports = ["rtsp": 554, "rtsps": 322]

    init(_ url: String) {
        guard let range = url.range(of: "://") else {
            (scheme, host, port, text) = ("", "", 0, url)
            return
        }
        let authority = url[range.upperBound...].prefix { !"/?#".contains($0) }
        let place = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        let rest = url[authority.endIndex...]
        // For an IPv6 address only the colon after its brackets starts a port.
        let name = place.hasPrefix("[") ? place.prefix { $0 != "]" } + "]" : place.prefix { $0 != ":" }
        let colon = place.dropFirst(name.count)
        scheme = url[..<range.lowerBound].lowercased()
        host = name.lowercased()
        port =
            (colon.hasPrefix(":") ? Int(colon.dropFirst()) : Self.ports[scheme]).flatMap {
                (1...65535).contains($0) ? $0 : nil
            } ?? 0
        text = "\(url[..<range.upperBound])\(place)\(rest)"
    }

    /// Whether it has a scheme and a host, and is no path that contains another address.
    var isWhole: Bool { scheme.hasPrefix("rtsp") && !host.isEmpty }

    /// For the resolver, which requires an IPv6 address without brackets.
    var name: String { host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host }

    /// The address that the `control` attribute of a description denotes (RFC 2326, C.1.1, as implemented by cameras):
    /// an absolute one, `*` for this one itself, or a suffix, which is appended even to a query.
    func joined(_ control: String?) -> String {
        guard let control, !control.isEmpty, control != "*" else { return text }
        let whole = RTSPAddress(control)
        if whole.isWhole { return whole.text }
        return text.hasSuffix("/") || control.hasPrefix("/") ? text + control : "\(text)/\(control)"
    }
}

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

    /// The wildcard address of a family.
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
        // After family and port; for IPv6 also after the flow label.
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

    /// Filled in by a system call.
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
