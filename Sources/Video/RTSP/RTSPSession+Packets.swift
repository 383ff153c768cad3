import Glibc

extension RTSPSession {
    /// Number of datagrams that are read before reports and the connection have their turn.
    private static let turn = 128
    /// A camera that disconnects within so many seconds after a keep-alive does so because of it.
    private static let offence = 5.0

    /// The next packet of the video or report of the sender; 0 at the end of the stream.
    ///
    /// - Parameter buffer: 64 KiB at least.
    func nextPacket(into buffer: UnsafeMutableRawBufferPointer) throws(RTSPFault) -> Int {
        do throws(RTSPFault) {
            return try waitForPacket(into: buffer)
        } catch {
            if error.isEnd { noteOffence() }
            throw error
        }
    }

    private func waitForPacket(into buffer: UnsafeMutableRawBufferPointer) throws(RTSPFault) -> Int {
        while let packet = takeEarly() {
            buffer.copyBytes(from: packet)
            if try isWanted(UnsafeRawBufferPointer(rebasing: buffer[..<packet.count])) { return packet.count }
        }
        guard let datagrams else { return try nextInterleaved(into: buffer) }
        return try nextDatagram(datagrams, into: buffer)
    }

    private func nextInterleaved(into buffer: UnsafeMutableRawBufferPointer) throws(RTSPFault) -> Int {
        while true {
            switch try reader.next() {
            case .packet(let channel, let place):
                let bytes = reader.bytes(place)
                guard channel == channels.packets || channel == channels.reports, try isWanted(bytes) else { continue }
                buffer.copyMemory(from: bytes)
                return bytes.count
            case .message(let message):
                try take(message)
            case nil:
                try showLife()
                guard try waitOrExplain({ () throws(RTSPFault) in try fill() }) else {
                    noteOffence()
                    return 0
                }
            }
        }
    }

    private func nextDatagram(
        _ pair: DatagramPair, into buffer: UnsafeMutableRawBufferPointer
    ) throws(RTSPFault) -> Int {
        while true {
            for _ in 0..<Self.turn {
                guard let count = pair.read(pair.packets, into: buffer) ?? pair.read(pair.reports, into: buffer) else {
                    break
                }
                patience.heard()
                if try isWanted(UnsafeRawBufferPointer(rebasing: buffer[..<count])) {
                    try showLife()
                    return count
                }
            }
            try showLife()
            guard !patience.isOver else { throw silence }
            var entries = [pair.packets, pair.reports, wire?.descriptor ?? -1].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            guard poll(&entries, 3, 100) > 0, entries[2].revents != 0, let wire else { continue }
            guard try receive(from: wire) != nil else {
                noteOffence()
                return 0
            }
            while let item = try reader.next() {
                if case .message(let message) = item { try take(message) }
            }
        }
    }

    private func waitOrExplain(_ wait: () throws(RTSPFault) -> Bool) throws(RTSPFault) -> Bool {
        do throws(RTSPFault) { return try wait() } catch {
            throw patience.isOver ? silence : error
        }
    }

    /// The fault for a camera that no longer sends anything, or never did.
    private var silence: RTSPFault {
        let fault = patience.fault
        guard !hasPackets, fault.cause.hasPrefix("no answer") else { return fault }
        let isAuto = options.transport == .auto && address.scheme == "rtsp"
        if isAuto { options.memory.note { $0.transport = used == .tcp ? .udp : .tcp } }
        let time = fault.cause.dropFirst("no answer ".count)
        let other = used == .tcp ? "udp" : "tcp"
        return RTSPFault(
            "it was asked to play, and no packet came over \(used.rawValue.uppercased()) \(time)",
            remedy: isAuto
                ? "\(other.uppercased()) is tried next"
                : used == .tcp
                    ? "check the camera, or set transport: udp"
                    : "let UDP from the camera through the firewall, or set transport: tcp",
            kind: .noPackets)
    }

    /// Whether libav gets the packet. Throws where it shows that nothing usable can follow.
    private func isWanted(_ bytes: UnsafeRawBufferPointer) throws(RTSPFault) -> Bool {
        guard bytes.count >= 8, bytes[0] >> 6 == 2 else { return false }
        if (192...195).contains(bytes[1]) || (200...210).contains(bytes[1]) {
            guard bytes[1] == 200, bytes.count >= 20 else { return true }
            return takeReport(bytes)
        }
        guard bytes.count >= 12 else { return false }
        if !hasPackets {
            hasPackets = true
            options.memory.note { $0.transport = used }
        }
        if let fault = screen.fault(of: bytes) { throw fault }
        loss.take(bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self).bigEndian)
        firstStep.take(bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self).bigEndian)
        if track?.encoding == .jpeg { try checkPicture(bytes) }
        return true
    }

    private func takeReport(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let ntp = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        let rtp = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
        let isBelieved = clock.believes(ntp: ntp, rtp: rtp)
        if clock.isDistrusted { options.memory.note { $0.isClockDistrusted = true } }
        return isBelieved
    }

    /// RFC 2435 has one byte each for width and height, in blocks of eight pixels.
    private func checkPicture(_ bytes: UnsafeRawBufferPointer) throws(RTSPFault) {
        var place = 12 + 4 * Int(bytes[0] & 15)
        if bytes[0] & 16 != 0 {
            guard bytes.count >= place + 4 else { return }
            place += 4 + 4 * (Int(bytes[place + 2]) << 8 | Int(bytes[place + 3]))
        }
        guard bytes.count >= place + 8, Int(bytes[1] & 127) == track?.payloadType,
            bytes[place + 6] == 0 || bytes[place + 7] == 0
        else { return }
        throw RTSPFault(
            "its MJPEG pictures have more than 2040 pixels in width or height, which RTP cannot state",
            remedy: "set H.264 or H.265 at the camera, or smaller pictures", kind: .tooLarge)
    }

    // MARK: signs of life

    /// Keeps the session alive: no camera takes the packets that it sends as a sign of life.
    private func showLife() throws(RTSPFault) {
        let now = options.uptime()
        guard now >= nextSign else { return }
        nextSign = now + interval
        let isAsking = abilities.contains("GET_PARAMETER") && !options.memory.known.avoidsGetParameter
        try showLife(by: isAsking ? "GET_PARAMETER" : "OPTIONS", isSecond: false)
    }

    private func showLife(by method: String, isSecond: Bool) throws(RTSPFault) {
        sign = (try send(method, target), method, options.uptime(), isSecond)
    }

    /// A message between packets.
    private func take(_ message: RTSPMessage) throws(RTSPFault) {
        guard let status = message.status else { return try reply(to: message) }
        guard let sign, message["cseq"].flatMap(Int.init) ?? sign.number == sign.number, status >= 200 else { return }
        self.sign = nil
        switch status {
        case 401:
            // A new nonce; user and password were right at the start of the session.
            guard !sign.isSecond, let next = RTSPChallenge.best(message.all("www-authenticate")) else { return }
            (challenge, answers) = (next, 0)
            try showLife(by: sign.method, isSecond: true)
        case 454:
            throw RTSPFault("it has ended the session (\(RTSPMessage.text(454)))", isEnd: true, kind: .ended)
        case 400...:
            guard sign.method == "GET_PARAMETER" else { return }
            options.memory.note { $0.avoidsGetParameter = true }
            try showLife(by: "OPTIONS", isSecond: true)
        default: return
        }
    }

    /// The camera has disconnected, possibly because of the keep-alive request.
    private func noteOffence() {
        guard let sign, sign.method == "GET_PARAMETER", options.uptime() - sign.at <= Self.offence else { return }
        options.memory.note { $0.avoidsGetParameter = true }
    }
}
