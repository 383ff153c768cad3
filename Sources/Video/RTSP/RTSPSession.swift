import Glibc

/// A session with a camera: from the connection to the packets of its video, and up to TEARDOWN. Blocking; one thread.
///
/// Follows RFC 2326. libavformat's own client supports a single hash, reports neither status nor challenge, requests
/// the first video whatever it is, and sends no TEARDOWN when interrupted.
final class RTSPSession {
    struct Options {
        var transport = Transport.auto
        /// Seconds of silence after which a session is given up.
        var readTimeout = 5.0
        var memory = StreamMemory()
        var gate = CredentialGate.shared
        /// The monotonic clock, in seconds.
        var uptime = Clocks.system.uptime
        /// Pixels of the largest picture that is decoded.
        var largestPicture = Int.max
        /// Path of the PEM certificates against which a camera of `rtsps` is verified; nil for no verification.
        var authority: String?
    }

    let options: Options
    let patience: RTSPPatience
    var address: RTSPAddress
    let login: CameraURL.Login?
    var wire: (any RTSPWire)?
    var reader = RTSPReader()
    /// The number of the newest request.
    var requests = 0
    var challenge: RTSPChallenge?
    /// How many requests were authenticated with this challenge.
    var answers = 0
    /// User and password were accepted in this session.
    var isProven = false
    private var hasReconnected = false
    /// The methods that the camera announces; empty where it announces none.
    var abilities: Set<String> = []
    /// The aggregate address of all its streams.
    var target = ""
    var id: String?
    private(set) var track: VideoTrack?
    var used = Transport.tcp
    var channels: (packets: UInt8, reports: UInt8) = (0, 1)
    var datagrams: DatagramPair?
    /// Packets received before the response to PLAY, and their bytes.
    private var early: [[UInt8]] = []
    private var earlyBytes = 0
    private var isSetUp = false
    var hasEnded = false
    /// Seconds between two keep-alives, and the time of the next one.
    var interval = 30.0
    var nextSign = Double.infinity
    /// The keep-alive that waits for its response.
    var sign: (number: Int, method: String, at: Double, isSecond: Bool)?
    /// Video packets have arrived.
    var hasPackets = false
    var clock = SenderClock(clockRate: 90_000)
    var loss = PacketLoss()
    var firstStep = FirstStep()
    /// Inspects packets before libav does.
    private(set) var screen = PacketScreen(.other)
    /// Why no more packets arrive; nil also at the end of a stream.
    var fault: RTSPFault?

    /// Longest time of the TEARDOWN, in seconds.
    private static let farewell = 1.0
    private static let mostRedirections = 4
    private static let mostEarlyBytes = 1 << 20

    /// Starts a session; packets arrive from then on.
    init(_ url: CameraURL, options: Options, deadline: ReadDeadline) throws(RTSPFault) {
        self.options = options
        patience = RTSPPatience(deadline, longestSilence: options.readTimeout)
        address = RTSPAddress(url.address)
        login = url.login
        do {
            try begin()
        } catch {
            close()
            throw error
        }
    }

    deinit { close() }

    private func begin() throws(RTSPFault) {
        if let key { try options.gate.check(key, at: options.uptime()) }
        if let pathKey { try options.gate.check(pathKey, at: options.uptime()) }
        guard !address.host.isEmpty, address.port > 0 else {
            throw RTSPFault("its address names no host or no port", kind: .address)
        }
        let description = try describe()
        let (track, control) = try VideoTrack.choose(description.body)
        self.track = track
        guard !track.isInterleaved else {
            throw RTSPFault(
                "it may send H.265 out of order (sprop-max-don-diff), which is not taken",
                remedy: "turn that off at the camera", kind: .noVideo)
        }
        screen = PacketScreen(
            track.encoding == .h264 ? .h264 : track.encoding == .h265 ? .h265 : .other,
            largestPicture: options.largestPicture)
        if let fault = screen.fault(ofDescribed: track.parameterSets) { throw fault }
        clock = SenderClock(clockRate: track.clockRate, isDistrusted: options.memory.known.isClockDistrusted)
        // Some cameras write a path where the standard requires a full address.
        let named = [control, description["content-base"], description["content-location"]].compactMap(\.self)
        let base = named.map { RTSPAddress($0) }.first(where: \.isWhole) ?? address
        target = try Self.written(base.text)
        try setUp(try Self.written(base.joined(track.control)))
        let answer = try ask("PLAY", target, ["Range: npt=0.000-"])
        guard answer.status == 200 else { throw .refused("PLAY", answer) }
        if used == .tcp { wire?.gather() }
        nextSign = options.uptime() + interval
    }

    /// The spelling in a request line.
    private static func written(_ text: String) throws(RTSPFault) -> String {
        guard text.utf8.count <= 4096, text.utf8.allSatisfy({ $0 > 32 && $0 != 127 }) else {
            throw RTSPFault("its description names an address that is none")
        }
        return text
    }

    private func connect() throws(RTSPFault) {
        wire = nil
        reader = RTSPReader()
        wire =
            address.scheme == "rtsps"
            ? try TLSWire(to: address, caFile: options.authority, patience) : try PlainWire(to: address, patience)
    }

    /// Requests the description, and follows redirects on the same host only.
    private func describe() throws(RTSPFault) -> RTSPMessage {
        for _ in 0..<Self.mostRedirections {
            try connect()
            var answer = try ask("OPTIONS", address.text)
            if answer.status == 200 {
                abilities = Set(
                    (answer["public"] ?? "").uppercased().split { $0 == "," || $0 == " " }.map(String.init))
            }
            if !answer.redirects { answer = try ask("DESCRIBE", address.text, ["Accept: application/sdp"]) }
            guard answer.redirects else {
                guard answer.status == 200 else { throw .refused("DESCRIBE", answer) }
                return answer
            }
            let next = RTSPAddress(answer["location"] ?? "")
            guard next.scheme == address.scheme, next.host == address.host, next.port > 0 else {
                let host = next.host.filter { $0.isASCII && ($0.isLetter || $0.isNumber || ".-:[]_".contains($0)) }
                throw RTSPFault(
                    "it sends its caller to \(host.isEmpty ? "no host" : String(host.prefix(80))), "
                        + "and only its own address is taken", kind: .elsewhere)
            }
            address = next
            (challenge, isProven) = (nil, false)
        }
        throw RTSPFault("it sends its caller on and on", kind: .elsewhere)
    }

    private func setUp(_ uri: String) throws(RTSPFault) {
        let isOpen = options.transport == .auto && address.scheme == "rtsp"
        let first = isOpen ? options.memory.known.transport : address.scheme == "rtsp" ? options.transport : .tcp
        let choices: [Transport] = isOpen ? (first == .udp ? [.udp, .tcp] : [.tcp, .udp]) : [first]
        for (index, choice) in choices.enumerated() {
            datagrams = nil
            if choice == .udp, let peer = (wire as? PlainWire)?.peer { datagrams = try DatagramPair(for: peer) }
            let wish =
                datagrams.map { "RTP/AVP/UDP;unicast;client_port=\($0.port)-\($0.port + 1)" }
                ?? "RTP/AVP/TCP;unicast;interleaved=0-1"
            let answer = try ask("SETUP", uri, ["Transport: \(wish)"])
            if answer.status == 461, index + 1 < choices.count { continue }
            guard answer.status == 200 else {
                throw .refused("SETUP", answer, over: choices.count == 1 ? choice : .auto)
            }
            used = choice
            isSetUp = true
            try take(answer, over: choice)
            return
        }
    }

    private func take(_ answer: RTSPMessage, over transport: Transport) throws(RTSPFault) {
        let setup = RTSPSetup(answer)
        (id, interval) = (setup.id, setup.interval)
        if transport == .tcp {
            guard setup.mayBeTCP else {
                throw mixUp("it was asked for TCP and sends over something else", other: .udp)
            }
            if let named = setup.channels { channels = named }
            reader.named = [channels.packets, channels.reports]
        } else {
            guard !setup.isTCP else { throw mixUp("it was asked for UDP and sends over TCP", other: .tcp) }
            if let port = setup.serverPort { datagrams?.knock(at: port) }
        }
    }

    /// The camera has chosen another transport than requested.
    private func mixUp(_ cause: String, other: Transport) -> RTSPFault {
        guard options.transport == .auto, address.scheme == "rtsp" else {
            return RTSPFault(cause, remedy: "set transport: \(other.rawValue)", kind: .transport)
        }
        options.memory.note { $0.transport = other }
        return RTSPFault(cause, remedy: "\(other.rawValue.uppercased()) is tried next", kind: .transport)
    }

    // MARK: requests

    /// One request and its response, with credentials where the camera requires them.
    func ask(_ method: String, _ uri: String, _ headers: [String] = []) throws(RTSPFault) -> RTSPMessage {
        var renewals = 0
        while true {
            let answer = try isProven || challenge == nil ? exchange(method, uri, headers) : show(method, uri, headers)
            guard answer.status == 401 || answer.status == 403 && challenge != nil else { return answer }
            guard let key else {
                throw RTSPFault(
                    "it asks for user and password (\(RTSPMessage.text(401)))",
                    remedy: "write them into the camera's credentials_file", kind: .needsLogin)
            }
            if answer.status == 403 {
                try refuse(options.gate.knows(key) ? pathKey ?? key : key, 403)
            }
            let offers = answer.all("www-authenticate")
            guard let next = RTSPChallenge.best(offers) else {
                let names = RTSPChallenge.names(offers).joined(separator: ", ")
                throw RTSPFault(
                    names.isEmpty
                        ? "it asks for user and password without saying how (\(RTSPMessage.text(401)))"
                        : "it asks for user and password in a way that is not known (\(names))",
                    remedy: "set digest authentication with MD5 or SHA-256 at the camera", kind: .loginMethod)
            }
            let isRenewed = renewals < 2 && challenge.map { next.isStale || isProven && next.nonce != $0.nonce } ?? true
            guard isRenewed else {
                try refuse(key, 401)
                throw RTSPFault("user and password are refused (\(RTSPMessage.text(401)))", kind: .wrongLogin)
            }
            if challenge != nil { renewals += 1 }
            (challenge, answers) = (next, 0)
        }
    }

    /// Sends credentials for the first time in this session.
    private func show(_ method: String, _ uri: String, _ headers: [String]) throws(RTSPFault) -> RTSPMessage {
        guard let key else { return try exchange(method, uri, headers) }
        let isTrying = try options.gate.enter(key, now: options.uptime, patience: patience)
        var outcome = CredentialGate.Outcome.unknown
        defer { options.gate.leave(key, isTrying: isTrying, outcome, at: options.uptime()) }
        let answer = try exchange(method, uri, headers)
        switch answer.status {
        case 401:
            let isStale = RTSPChallenge.best(answer.all("www-authenticate"))?.isStale ?? false
            if !isStale { outcome = .refused(401) }
        case 403: if !options.gate.knows(key) { outcome = .refused(403) }
        default: (outcome, isProven) = (.proven, true)
        }
        return answer
    }

    private func refuse(_ key: CredentialGate.Key, _ status: Int) throws(RTSPFault) {
        options.gate.leave(key, isTrying: false, .refused(status), at: options.uptime())
        try options.gate.check(key, at: options.uptime())
    }

    private var key: CredentialGate.Key? {
        login.map { CredentialGate.Key(place: "\(address.host):\(address.port)", login: $0) }
    }

    private var pathKey: CredentialGate.Key? {
        login.map { CredentialGate.Key(place: "\(address.host):\(address.port)", login: $0, path: address.text) }
    }

    private func exchange(_ method: String, _ uri: String, _ headers: [String]) throws(RTSPFault) -> RTSPMessage {
        do {
            return try exchangeOnce(method, uri, headers)
        } catch {
            // Some cameras disconnect after they have requested a password.
            guard error.isEnd, challenge != nil, !hasReconnected, !isSetUp else { throw error }
            hasReconnected = true
            try connect()
            return try exchangeOnce(method, uri, headers)
        }
    }

    private func exchangeOnce(_ method: String, _ uri: String, _ headers: [String]) throws(RTSPFault) -> RTSPMessage {
        let number = try send(method, uri, headers)
        patience.heard()
        while true {
            switch try reader.next() {
            case .message(let message):
                guard let status = message.status else {
                    try reply(to: message)
                    continue
                }
                // Not to a keep-alive, whose response may be late.
                let isOther = message["cseq"].flatMap(Int.init).map { $0 == sign?.number && $0 != number } ?? false
                if status >= 200, !isOther { return message }
            case .packet(let channel, let place):
                guard method == "PLAY", channel == channels.packets || channel == channels.reports,
                    earlyBytes + place.count <= Self.mostEarlyBytes
                else { continue }
                early.append(Array(reader.bytes(place)))
                earlyBytes += place.count
            case nil:
                guard try fill() else { throw RTSPFault.hungUp }
            }
        }
    }

    /// The number of the request.
    func send(_ method: String, _ uri: String, _ headers: [String] = []) throws(RTSPFault) -> Int {
        requests += 1
        var lines = ["\(method) \(uri) RTSP/1.0", "CSeq: \(requests)", "User-Agent: gridwarden"]
        if let id { lines.append("Session: \(id)") }
        if let challenge, let login {
            answers += 1
            let cnonce = String(UInt64.random(in: .min ... .max), radix: 16)
            let answer: String
            do {
                answer = try challenge.answer(login, method: method, uri: uri, count: answers, cnonce: cnonce)
            } catch { throw RTSPFault("\(error)") }
            lines.append("Authorization: \(answer)")
        }
        try wire?.write(Array((lines + headers).map { $0 + "\r\n" }.joined().utf8) + [13, 10], patience)
        return requests
    }

    func reply(to question: RTSPMessage) throws(RTSPFault) {
        if question.method == "TEARDOWN" { throw RTSPFault.hungUp }
        let isKnown = ["OPTIONS", "GET_PARAMETER", "SET_PARAMETER"].contains(question.method)
        let number = question["cseq"].flatMap(Int.init).map { "CSeq: \($0)\r\n" } ?? ""
        let answer = "RTSP/1.0 \(isKnown ? "200 OK" : RTSPMessage.text(501))\r\n\(number)\r\n"
        try wire?.write(Array(answer.utf8), patience)
    }

    /// Waits for data on the connection and reads it; false at its end.
    func fill() throws(RTSPFault) -> Bool {
        guard let wire else { return false }
        while true {
            guard !patience.isOver else { throw patience.fault }
            if let descriptor = wire.descriptor {
                var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                // What a wire gathers is taken after this time, however little it is.
                _ = poll(&entry, 1, 100)
            }
            guard let count = try receive(from: wire) else { return false }
            if count > 0 { return true }
        }
    }

    /// Reads the available data; nil at the end.
    func receive(from wire: any RTSPWire) throws(RTSPFault) -> Int? {
        var result: Result<Int?, RTSPFault> = .success(0)
        reader.fill { buffer in
            do throws(RTSPFault) {
                let count = try wire.read(into: buffer, patience)
                result = .success(count)
                return count ?? 0
            } catch {
                result = .failure(error)
                return 0
            }
        }
        let count = try result.get()
        if count == nil { hasEnded = true }
        if count ?? 0 > 0 { patience.heard() }
        return count
    }

    func takeEarly() -> [UInt8]? { early.isEmpty ? nil : early.removeFirst() }

    // MARK: the end

    /// Sends TEARDOWN, so that the camera frees its session, and disconnects. May be called again.
    func close() {
        defer { (wire, datagrams) = (nil, nil) }
        guard isSetUp, !hasEnded, wire != nil else { return }
        isSetUp = false
        patience.close(within: Self.farewell)
        do throws(RTSPFault) {
            let number = try send("TEARDOWN", target)
            while true {
                switch try reader.next() {
                case .message(let message):
                    if message.status != nil, message["cseq"].flatMap(Int.init) ?? number == number { return }
                case .packet: continue
                case nil: guard try fill() else { return }
                }
            }
        } catch {
            // A camera that no longer responds frees the session by its own timeout.
        }
    }
}

extension RTSPMessage {
    fileprivate var redirects: Bool { status.map { (300...399).contains($0) && $0 != 304 } ?? false }
}
