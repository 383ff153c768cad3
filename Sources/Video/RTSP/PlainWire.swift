import Glibc

/// Unencrypted TCP.
final class PlainWire: RTSPWire {
    private let socket: Int32
    var descriptor: Int32? { socket }

    /// Seconds between two checks whether the wait has ended.
    private static let slice: Int32 = 100

    /// Connects to the first of a host's addresses that answers. The name look-up cannot be interrupted.
    init(to address: RTSPAddress, _ patience: RTSPPatience) throws(RTSPFault) {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(address.name, "\(address.port)", &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0 else {
            throw RTSPFault("no address of its name: \(String(cString: gai_strerror(code)))", kind: .noName)
        }
        var places: [UnsafeMutablePointer<addrinfo>] = []
        while let place = list.map({ places.last?.pointee.ai_next ?? (places.isEmpty ? $0 : nil) }) ?? nil,
            places.count < 8
        { places.append(place) }
        var fault = RTSPFault("no address of its name", kind: .noName)
        for (index, place) in places.enumerated() {
            do throws(RTSPFault) {
                // An address without any answer must leave time for the next.
                let share = index == places.count - 1 ? patience.longestSilence : patience.longestSilence / 2
                socket = try Self.connect(place.pointee, patience, within: share)
                return
            } catch { fault = error }
        }
        throw fault
    }

    deinit { close(socket) }

    private static func connect(
        _ place: addrinfo, _ patience: RTSPPatience, within seconds: Double
    ) throws(RTSPFault) -> Int32 {
        let kind = place.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = Glibc.socket(place.ai_family, kind, place.ai_protocol)
        guard socket >= 0 else { throw RTSPFault(text(errno)) }
        var isOpen = false
        defer { if !isOpen { close(socket) } }
        let limit = ReadDeadline()
        limit.arm(for: seconds)
        patience.heard()
        if Glibc.connect(socket, place.ai_addr, place.ai_addrlen) != 0 {
            guard errno == EINPROGRESS else { throw RTSPFault(text(errno), kind: meaning(errno)) }
            var entry = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            while poll(&entry, 1, slice) <= 0 {
                guard !patience.isOver else { throw patience.fault }
                guard !limit.isOver else {
                    throw RTSPFault("no answer within \(limit.text)", kind: .silent)
                }
            }
            var code: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &length)
            guard code == 0 else { throw RTSPFault(text(code), kind: meaning(code)) }
        }
        var one: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        patience.heard()
        isOpen = true
        return socket
    }

    /// Bytes for which `poll` wakes the thread; less is read when its time is over. A camera of 4 Mb/s then wakes it some ten
    /// times a second, where each of its 350 packets did. Less than a reader takes at a time.
    private static let gathered: Int32 = 48 << 10

    /// SO_RCVLOWAT (socket(7)): `poll` respects it since Linux 2.6.28, and wakes at once where the connection ends. The kernel
    /// enlarges the buffer of the connection for it.
    func gather() {
        var bytes = Self.gathered
        setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &bytes, socklen_t(MemoryLayout<Int32>.size))
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, _ patience: RTSPPatience) throws(RTSPFault) -> Int? {
        let count = recv(socket, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
        guard count <= 0 else { return count }
        if count == 0 { return nil }
        guard errno == EAGAIN || errno == EINTR else { throw RTSPFault(Self.text(errno), isEnd: true, kind: .hungUp) }
        return 0
    }

    func write(_ bytes: [UInt8], _ patience: RTSPPatience) throws(RTSPFault) {
        var sent = 0
        while sent < bytes.count {
            let part = bytes[sent...].withUnsafeBytes {
                send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if part > 0 {
                sent += part
                continue
            }
            guard errno == EAGAIN || errno == EINTR else {
                throw RTSPFault(Self.text(errno), isEnd: true, kind: .hungUp)
            }
            guard !patience.isOver else { throw patience.fault }
            var entry = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            _ = poll(&entry, 1, Self.slice)
        }
    }

    /// The camera's own address, without a port.
    var peer: SocketAddress? { SocketAddress(peerOf: socket) }

    private static func meaning(_ code: Int32) -> StreamFault { code == ECONNREFUSED ? .refused : .unreachable }

    static func text(_ code: Int32) -> String { String(cString: strerror(code)) }
}

/// A connection to a camera. Used by one thread.
protocol RTSPWire: AnyObject {
    /// The descriptor for `poll`; nil where `read` itself blocks.
    var descriptor: Int32? { get }

    /// Reads available bytes: their number, 0 for none, nil at the end of the stream.
    func read(into buffer: UnsafeMutableRawBufferPointer, _ patience: RTSPPatience) throws(RTSPFault) -> Int?

    func write(_ bytes: [UInt8], _ patience: RTSPPatience) throws(RTSPFault)

    /// From now on a camera sends pictures: what comes may be taken a tenth of a second later, many packets at a time.
    func gather()
}
