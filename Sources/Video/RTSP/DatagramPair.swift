import Glibc

/// The two sockets of RTP over UDP: an even port for packets, the next one for reports (RFC 3550, 11).
final class DatagramPair {
    let packets: Int32
    let reports: Int32
    /// The local port of `packets`.
    let port: Int
    private let camera: SocketAddress

    /// Receive buffer: the key frame of a large picture arrives at once.
    private static let backlog: Int32 = 2 << 20

    /// - Parameter camera: the accepted sender; datagrams from others are ignored.
    init(for camera: SocketAddress) throws(RTSPFault) {
        for _ in 0..<64 {
            guard let first = Self.open(camera.family, 0) else { break }
            let even = first.port.isMultiple(of: 2)
            if let second = Self.open(camera.family, even ? first.port + 1 : first.port - 1) {
                packets = even ? first.socket : second.socket
                reports = even ? second.socket : first.socket
                port = even ? first.port : first.port - 1
                self.camera = camera
                return
            }
            close(first.socket)
        }
        throw RTSPFault("no two free ports for UDP", remedy: "set transport: tcp")
    }

    deinit {
        close(packets)
        close(reports)
    }

    private static func open(_ family: Int32, _ port: Int) -> (socket: Int32, port: Int)? {
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = Glibc.socket(family, kind, 0)
        guard socket >= 0 else { return nil }
        var size = backlog
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        let bound = SocketAddress(anyOf: family, port: port).withPointer { bind(socket, $0, $1) }
        let (code, address) = SocketAddress.filled { Int(getsockname(socket, $0, $1)) }
        guard bound == 0, code == 0 else {
            close(socket)
            return nil
        }
        return (socket, address.port)
    }

    /// One datagram from the camera; nil where none waits.
    func read(_ socket: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        while true {
            let (count, sender) = SocketAddress.filled {
                recvfrom(socket, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT), $0, $1)
            }
            if count < 0 {
                if errno == EINTR || errno == ECONNREFUSED { continue }
                return nil
            }
            if count > 0, sender.isSameHost(as: camera) { return count }
        }
    }

    /// Opens a path for the camera's packets through a firewall that admits replies only.
    ///
    /// - Parameter port: the camera's, for packets.
    func knock(at port: Int) {
        guard (1..<65535).contains(port) else { return }
        // An empty packet of RTP, and an empty receiver report.
        let packet: [UInt8] = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let report: [UInt8] = [0x80, 201, 0, 1, 0, 0, 0, 0]
        for (socket, port, bytes) in [(packets, port, packet), (reports, port + 1, report)] {
            var to = camera
            to.port = port
            _ = to.withPointer { sendto(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, $1) }
        }
    }
}
