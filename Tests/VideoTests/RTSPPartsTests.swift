import Testing

@testable import Video

struct RTSPChallengeTests {
    private let login = CameraURL.Login(user: "Mufasa", password: "Circle of Life")

    /// The example of RFC 7616, 3.9.1.
    @Test(arguments: [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ]) func `the standard's own example is answered as it says`(algorithm: String, response: String) throws {
        let challenge = try #require(
            RTSPChallenge.best([
                "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=\(algorithm), "
                    + "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
                    + "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
            ]))
        let answer = try challenge.answer(
            login, method: "GET", uri: "/dir/index.html", count: 1,
            cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
        #expect(answer.contains("response=\"\(response)\""), "\(answer)")
        #expect(answer.contains("qop=auth, nc=00000001") && answer.contains("algorithm=\(algorithm)"))
    }

    @Test(arguments: [
        (
            ["Digest realm=\"r\", nonce=\"1\", algorithm=MD5", "Digest realm=\"r\", nonce=\"2\", algorithm=SHA-256"],
            "1"
        ),
        (["Digest realm=\"r\", nonce=\"2\", algorithm=SHA-256", "Digest realm=\"r\", nonce=\"1\""], "2"),
        (["Basic realm=\"a, b\", Digest realm=\"x=\\\"y\\\", z\", nonce=\"3\", stale=TRUE"], "3"),
        (["Digest realm=\"r\", nonce=\"4\", algorithm=SHA-512-256", "Digest realm=r, nonce=5"], "5"),
        (["Basic realm=\"r\""], ""),
    ]) func `the first digest that is known is answered, and the password is shown only to who takes nothing else`(
        headers: [String], nonce: String
    ) throws {
        #expect(try #require(RTSPChallenge.best(headers)).nonce == nonce)
    }

    @Test func `what nobody knows is named, and nothing breaks a line`() {
        #expect(RTSPChallenge.best(["Negotiate", "Digest nonce=\"1\", algorithm=\"SHA-3\""]) == nil)
        #expect(RTSPChallenge.names(["Negotiate", "Digest nonce=\"1\", algorithm=\"SHA-3\n\u{7}\""]).count == 2)
        for text in [
            "", ",,,", "=", "\"", "Digest \"", "Digest =,=,", "Digest a=\"\\", String(repeating: "a=b,", count: 9000),
        ] {
            #expect(RTSPChallenge.best([text])?.scheme != .basic)
        }
    }

    @Test(arguments: [("", "Og=="), ("a", "YTo="), ("ab", "YWI6"), ("Aladdin", "QWxhZGRpbjo=")])
    func `basic authentication is base64 of user and password`(user: String, text: String) throws {
        let challenge = try #require(RTSPChallenge.best(["Basic realm=\"r\""]))
        let answer = try challenge.answer(.init(user: user, password: ""), method: "", uri: "", count: 1, cnonce: "")
        #expect(answer == "Basic \(text)")
    }
}

struct RTSPAddressTests {
    @Test(arguments: [
        ("rtsp://10.0.0.1/s", "10.0.0.1", 554, "rtsp://10.0.0.1/s"),
        (
            "rtsp://u:p@w@10.0.0.1:8554/{0}/a|b?c=%2F&d=50%", "10.0.0.1", 8554,
            "rtsp://10.0.0.1:8554/{0}/a|b?c=%2F&d=50%"
        ),
        ("rtsps://[fe80::1]/s", "[fe80::1]", 322, "rtsps://[fe80::1]/s"),
        ("rtsp://[::1]:99", "[::1]", 99, "rtsp://[::1]:99"),
        ("rtsp://127.0.0.1:1@localhost:7/", "localhost", 7, "rtsp://localhost:7/"),
        ("rtsp://host:99999/", "host", 0, "rtsp://host:99999/"),
        ("/elsewhere", "", 0, "/elsewhere"),
    ]) func `an address is taken apart and goes out as it was written`(
        url: String, host: String, port: Int, text: String
    ) {
        let address = RTSPAddress(url)
        #expect(address.host == host && address.port == port && address.text == text)
    }

    @Test(arguments: [
        ("track1", "rtsp://h/a?b=1/track1"), ("*", "rtsp://h/a?b=1"), ("", "rtsp://h/a?b=1"),
        ("rtsp://other/x", "rtsp://other/x"), ("/t", "rtsp://h/a?b=1/t"),
    ]) func `a control is put behind the address, even behind a query`(control: String, joined: String) {
        #expect(RTSPAddress("rtsp://h/a?b=1").joined(control) == joined)
    }

    @Test(arguments: [
        ("rtsp://admin@h/a", "admin", ""), ("rtsp://admin:@h/a", "admin", ""), ("rtsp://a%40b:p%2Fw@h/a", "a@b", "p/w"),
        ("rtsp://a:50%@h/a", "a", "50%"), ("rtsp://a:b:c@h/a", "a", "b:c"), ("rtsp://:p@h/a", "", "p"),
    ]) func `user and password of an address are decoded, and either may be empty`(
        url: String, user: String, password: String
    ) {
        #expect(CameraURL(url).login == .init(user: user, password: password))
        #expect(CameraURL(url).address == "rtsp://h/a")
    }
}

struct RTSPReaderTests {
    private func items(_ bytes: [UInt8], by step: Int) throws -> [RTSPReader.Item] {
        let reader = RTSPReader()
        var (items, sent) = ([RTSPReader.Item](), 0)
        while true {
            while let item = try reader.next() { items.append(item) }
            guard sent < bytes.count else { return items }
            let part = bytes[sent..<min(sent + step, bytes.count)]
            reader.fill { buffer in
                buffer.copyBytes(from: part)
                return part.count
            }
            sent += part.count
        }
    }

    private func channels(_ items: [RTSPReader.Item]) -> [Int] {
        items.map { if case .packet(let channel, _) = $0 { Int(channel) } else { -1 } }
    }

    private func packet(_ channel: UInt8, _ length: Int) -> [UInt8] {
        [UInt8(ascii: "$"), channel, UInt8(length >> 8), UInt8(length & 255)] + [0x80]
            + [UInt8](repeating: UInt8(ascii: "$"), count: length - 1)
    }

    @Test(arguments: [1, 3, 1000, 65536]) func `answers and packets are told apart however they arrive`(step: Int)
        throws
    {
        let answer = Array("RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Length: 5\r\n\r\n$abc\n".utf8)
        let question = Array("OPTIONS rtsp://h RTSP/1.0\nCSeq: 1\n\n".utf8)
        let bytes = packet(0, 65535) + answer + [13, 10] + packet(1, 20) + question + packet(9, 12)
        let items = try items(bytes, by: step)
        #expect(channels(items) == [0, -1, 1, -1, 9])
        guard case .message(let first) = items[1], case .message(let second) = items[3] else { return }
        #expect(first.status == 200 && first["cseq"] == "3" && first.body == Array("$abc\n".utf8))
        #expect(second.status == nil && second.method == "OPTIONS")
    }

    @Test func `what cannot be read is passed over, but not for ever`() throws {
        let garbage = Array("xx$yy\u{0}Zz$\n$$ABC".utf8)
        #expect(try channels(items(packet(0, 12) + garbage + packet(1, 30) + packet(0, 12), by: 7)) == [0, 1, 0])
        let endless = [UInt8](repeating: UInt8(ascii: "x"), count: RTSPReader.mostGarbage + 1)
        let error = #expect(throws: RTSPFault.self) { try items(endless, by: 65536) }
        #expect(error?.cause == "what it sends is no RTSP")
    }

    @Test func `heads and bodies have their limits`() throws {
        let head = "RTSP/1.0 200 OK\r\n" + String(repeating: "A: b\r\n", count: RTSPReader.longestHead / 6)
        #expect(throws: RTSPFault.self) { try items(Array((head + "\r\n").utf8), by: 65536) }
        for length in ["\(RTSPReader.longestBody + 1)", "9223372036854775807"] {
            let body = "RTSP/1.0 200 OK\r\nContent-Length: \(length)\r\n\r\n"
            #expect(throws: RTSPFault.self) { try items(Array(body.utf8), by: 65536) }
        }
        for length in ["-1", "99999999999999999999", "x"] {
            let body = "RTSP/1.0 200 OK\r\nContent-Length: \(length)\r\n\r\n"
            #expect(try items(Array(body.utf8), by: 65536).count == 1)
        }
        let web = #expect(throws: RTSPFault.self) { try items(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8), by: 99) }
        #expect(web?.cause.contains("HTTP") == true)
    }
}

struct VideoTrackTests {
    private func choose(_ lines: [String]) throws -> VideoTrack {
        try VideoTrack.choose(Array(lines.joined(separator: "\r\n").utf8)).track
    }

    private let usable = [
        "m=video 0 RTP/AVP 96", "a=rtpmap:96 h264/90000", "a=fmtp:96 packetization-mode=1", "a=control:track2",
    ]

    @Test(arguments: [
        ["m=video 0 RTP/AVP 98", "a=rtpmap:98 SVAC/90000"], ["m=video 0 RTP/AVP 26", "a=control:j"],
        ["m=audio 0 RTP/AVP 8"], ["m=application/X 0 RTP/AVP smart/1/90000", "a=rtpmap:95 X/90000"],
        ["m=video 0 RTP/SAVP 96", "a=rtpmap:96 H264/90000"],
        ["m=video", "m=video 0", "m=", "a=rtpmap:", "a=rtpmap:1 "],
    ]) func `a track that can be used is found behind one that cannot`(first: [String]) throws {
        let track = try choose(["v=0", "a=control:*"] + first + usable)
        #expect(track.encoding == .h264 && track.payloadType == 96 && track.control == "track2")
        #expect(
            track.description.hasSuffix(
                "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\n"))
    }

    @Test func `the description says what was offered where nothing is taken`() {
        let error = #expect(throws: RTSPFault.self) {
            try choose(["m=video 0 RTP/AVP 98", "a=rtpmap:98 SV\"AC\u{1b}[31m/90000", "m=video 0 RTP/AVP 33"])
        }
        #expect(error?.cause == "its description names no video that is taken, only SVAC31m, payload type 33")
    }

    @Test func `of two the first, of several formats the first that is known, and a number that differs is forgiven`()
        throws
    {
        #expect(try choose(usable + usable.map { $0.replacing("track2", with: "x") }).control == "track2")
        let several = [
            "m=video 0 RTP/AVP 97 96", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96", "a=rtpmap:96 H265/90000",
        ]
        #expect(try choose(several).payloadType == 96)
        #expect(try choose(["m=video 0 RTP/AVP 35", "a=rtpmap:96 H265/90000"]).payloadType == 35)
    }

    @Test func `H.265 that may come out of order is known by its description`() throws {
        func track(_ parameters: String, _ codec: String = "H265") throws -> VideoTrack {
            try choose(["m=video 0 RTP/AVP 96", "a=rtpmap:96 \(codec)/90000", "a=fmtp:96 \(parameters)"])
        }
        for parameters in ["sprop-max-don-diff=2", "profile-id=1; Sprop-Depack-Buf-Nalus=10"] {
            #expect(try track(parameters).isInterleaved)
            #expect(try !track(parameters, "H264").isInterleaved)
        }
        #expect(try !track("sprop-max-don-diff=0;sprop-depack-buf-nalus=0;sprop-max-don-diff").isInterleaved)
    }

    @Test func `a set of parameters is cut where libav cuts it`() throws {
        let long = String(repeating: "QUJD", count: 300)
        let sets = try choose([
            "m=video 0 RTP/AVP 96", "a=rtpmap:96 H265/90000", "a=fmtp:96 sprop-sps=\(long),QUI=",
        ]).parameterSets
        #expect(sets.count == 3 && sets.map(\.count) == [767, 132, 2])
    }

    @Test func `a line of any length and a number of any size are taken or passed over`() throws {
        let long = ["i=" + String(repeating: "x", count: 40_000), "a=fmtp:96 " + String(repeating: "y", count: 40_000)]
        #expect(try choose(long + usable).encoding == .h264)
        let track = try choose([
            "m=video 99999999999999999999 RTP/AVP 300 -1 96", "a=rtpmap:96 H264/99999999999", "a=control:",
        ])
        #expect(track.clockRate == 90_000)
    }
}

struct SenderClockTests {
    /// How many of a minute's reports, one each five seconds, are believed, and whether the clock still is.
    private func minute(
        ntp: (Int) -> Double, rtp: (Int) -> Double = { Double($0) }, every seconds: Int = 5
    ) -> (believed: [Int], isDistrusted: Bool) {
        var clock = SenderClock(clockRate: 90_000)
        let believed = stride(from: 0, to: 60, by: seconds).filter { second in
            clock.believes(
                ntp: UInt64(max(0, ntp(second)) * 4_294_967_296),
                rtp: UInt32(truncatingIfNeeded: Int(4_294_000_000 + rtp(second) * 90_000)))
        }
        return (believed, clock.isDistrusted)
    }

    private let noon = 2_208_988_800.0 + 1_790_000_000

    @Test func `a clock that runs is believed, over a stamp that wraps and small errors too`() {
        let all = Array(stride(from: 5, to: 60, by: 5))
        #expect(minute(ntp: { noon + Double($0) }) == (all, false))
        #expect(minute(ntp: { noon + Double($0) + ($0.isMultiple(of: 2) ? 0.4 : -0.4) }) == (all, false))
    }

    @Test func `no clock is none, without a word`() {
        #expect(minute(ntp: { _ in 0 }) == ([], false))
        #expect(minute(ntp: { 100 + Double($0) }) == ([], false))
    }

    @Test func `a clock that begins or is set is believed at its second report`() {
        let all = Array(stride(from: 5, to: 60, by: 5))
        #expect(minute(ntp: { noon + Double($0) + ($0 < 30 ? 0 : 3600) }) == (all.filter { $0 != 30 }, false))
        // One report that is wrong changes nothing.
        #expect(minute(ntp: { noon + Double($0) + ($0 == 30 ? 3600 : 0) }) == (all.filter { $0 != 30 }, false))
    }

    @Test func `reports that contradict one another or stand still end the belief`() {
        var random = SystemRandomNumberGenerator()
        for every in [1, 5] {
            let wild = minute(ntp: { _ in noon + Double.random(in: 0...1e8, using: &random) }, every: every)
            #expect(wild == ([], true))
            let standing = minute(ntp: { noon + Double($0) }, rtp: { _ in 0 }, every: every)
            #expect(standing.isDistrusted && standing.believed.count <= 8, "\(standing)")
        }
    }

    @Test func `lost packets are counted over a number that wraps, and a late one is not lost`() {
        var loss = PacketLoss()
        for number in (65_500..<65_700) where !number.isMultiple(of: 20) {
            loss.take(UInt16(truncatingIfNeeded: number))
        }
        #expect(abs(loss.share - 0.05) < 0.01)
        loss = PacketLoss()
        for number: UInt16 in [200, 202, 201, 203, 60_000, 60_001] { loss.take(number) }
        #expect(loss.share < 0.01)
    }

    @Test func `the step from the first picture to the second is known where stamps wrap, and only where it is one`() {
        func step(_ stamps: [UInt32]) -> Double? {
            var step = FirstStep()
            for stamp in stamps { step.take(stamp) }
            return step.seconds(clockRate: 90_000)
        }
        #expect(step([.max - 1799, .max - 1799, 1800, 5400]) == 0.04)
        #expect(step([]) == nil && step([9000, 9000]) == nil)
        // Back, and far ahead.
        #expect(step([9000, 5400]) == nil && step([0, 90_000 * 60]) == nil)
    }
}
