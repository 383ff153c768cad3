import Domain
import Foundation
import Synchronization
import TestSupport
import Testing
import Threading

@testable import Video

/// Sessions with cameras as they are. Each camera has one habit.
@Suite(.waiting) struct RTSPSessionTests {
    private static let folder = Result { try TemporaryFolder() }
    /// Four seconds of a byte stream with a key frame each second.
    private static let clip = Result {
        let folder = try Self.folder.get()
        let clip = try Footage.makeTestClip(in: folder, seconds: 4, size: (320, 180), gop: 10)
        return try Footage.byteStream(clip, in: folder)
    }

    private func camera(_ habits: [String: any Sendable] = [:]) throws -> QuirkyCamera {
        try QuirkyCamera(clip: Self.clip.get(), habits)
    }

    private func options(_ transport: Transport = .auto) -> VideoSource.Options {
        var options = VideoSource.Options()
        options.transport = transport
        options.credentials = CredentialGate()
        options.sampling = .keyFrames(promise: 3)
        options.readTimeout = 3
        return options
    }

    /// So many pictures of a session, on a thread of its own, and its farewell.
    private func watch(
        _ url: CameraURL, _ options: VideoSource.Options, pictures: Int = 1, deadline: ReadDeadline = ReadDeadline()
    ) async throws -> Int {
        try await onOwnThread(named: "watch") {
            let source = try VideoSource(url, options: options, deadline: deadline)
            var count = 0
            while count < pictures, let picture = try source.next() {
                _ = Frame(taking: picture.raw, time: MediaTime(picture.pts), date: Date())
                count += 1
            }
            return count
        }
    }

    private func fault(_ url: CameraURL, _ options: VideoSource.Options) async -> VideoError? {
        do {
            _ = try await watch(url, options, pictures: .max)
            return nil
        } catch { return error as? VideoError }
    }

    private func eventually(_ condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(20)) }
    }

    // MARK: user and password

    @Test(
        .waiting(minutes: 2),
        arguments: [
            (["md5"], false), (["md5 qop"], false), (["sha256"], false), (["md5", "sha256"], false),
            (["sha256", "md5"], false), (["md5-sess"], false), (["sha256-sess"], false), (["basic", "sha256"], true),
            (["unknown", "md5", "basic"], true), (["basic"], false), (["unknown", "basic"], false),
        ])
    func `each way to ask for a password is answered`(challenges: [String], isOneHeader: Bool) async throws {
        let camera = try camera([
            "user": "me \"x\"", "password": "p,w=\"1", "challenges": challenges, "one_header": isOneHeader,
        ])
        let url = CameraURL(camera.url(), user: "me \"x\"", password: "p,w=\"1")
        #expect(try await watch(url, options()) == 1)
        let shown = camera.requests.compactMap { $0.headers["authorization"] }
        #expect(
            shown.allSatisfy {
                $0.hasPrefix(challenges.allSatisfy { $0 == "basic" || $0 == "unknown" } ? "Basic" : "Digest")
            })
    }

    @Test(arguments: [true, false])
    func `a nonce that is used up is renewed`(saysStale: Bool) async throws {
        let camera = try camera([
            "user": "me", "password": "pw", "challenges": ["md5"], "nonce_uses": 1, "says_stale": saysStale,
        ])
        #expect(try await watch(CameraURL(camera.url(login: "me:pw")), options()) == 1)
    }

    @Test func `a camera that hangs up when it asks for the password is called again`()
        async throws
    {
        let camera = try camera(["user": "me", "password": "pw", "challenges": ["md5"], "hangs_up_after_401": true])
        #expect(try await watch(CameraURL(camera.url(login: "me:pw")), options()) == 1)
    }

    @Test(arguments: ["admin:", "admin"])
    func `an empty password is one`(login: String) async throws {
        let camera = try camera(["user": "admin", "password": "", "challenges": ["md5"]])
        #expect(try await watch(CameraURL(camera.url(login: login)), options()) == 1)
        #expect(try await watch(CameraURL(camera.url(), user: "admin", password: ""), options()) == 1)
    }

    @Test(arguments: ["/live/{0b1a-77}", "/cam?token=a%2Fb|c", "/s?pwd=50%&t=%2F"])
    func `the address goes out as it was written, with and without a password`(path: String) async throws {
        let camera = try camera(["user": "me", "password": "pw", "challenges": ["sha256"], "base": "none"])
        #expect(try await watch(CameraURL(camera.url(path: path), user: "me", password: "pw"), options()) == 1)
        let asked = camera.requests.filter { $0.method == "DESCRIBE" }.map(\.uri)
        #expect(Set(asked) == [camera.url(path: path)])
    }

    @Test
    func `a wrong password is shown once for all channels, and again after minutes or when it was put right`()
        async throws
    {
        let camera = try camera(["user": "admin", "password": "right", "challenges": ["md5"]])
        let now = Mutex(1000.0)
        var options = options()
        options.uptime = { now.withLock { $0 } }
        let wrong = options
        let channels = (1...8).map { CameraURL(camera.url(path: "/\($0)"), user: "admin", password: "wrong") }
        let faults = await withTaskGroup(of: VideoError?.self) { group in
            for channel in channels { group.addTask { await fault(channel, wrong) } }
            return await group.reduce(into: [VideoError?]()) { $0.append($1) }
        }
        #expect(camera.shown == 1)
        for fault in faults {
            let text = try #require(fault).description
            #expect(text.contains("user and password are refused (401 Unauthorized)"), "\(text)")
            #expect(text.contains("credentials_file") && !text.contains("wrong") && !text.contains("admin"), "\(text)")
            #expect(fault?.rest == 300)
        }
        // Nobody even calls before the time is over, also for a channel that nobody has asked for yet.
        now.withLock { $0 += 299 }
        let another = CameraURL(camera.url(path: "/another"), user: "admin", password: "wrong")
        #expect(await fault(another, wrong)?.rest == 1)
        defer { #expect(!camera.requests.contains { $0.uri.hasSuffix("/another") }) }
        now.withLock { $0 += 2 }
        #expect(await fault(channels[4], wrong)?.rest == 600)
        #expect(camera.shown == 2)
        // Another password is free at once.
        #expect(try await watch(CameraURL(camera.url(), user: "admin", password: "right"), wrong) == 1)
    }

    @Test func `the camera's own loop rests, and can be stopped while it does`() async throws {
        let camera = try camera(["user": "admin", "password": "right", "challenges": ["md5"]])
        let now = Mutex(1000.0)
        let clocks = Clocks(now: { Date() }, uptime: { now.withLock { $0 } })
        let watcher = Camera(
            id: "rest", settings: .init(url: CameraURL(camera.url(login: "admin:wrong"))), clocks: clocks,
            backoff: Backoff(shortest: 0.01, longest: 0.02), credentials: CredentialGate())
        let run = Task { await watcher.run(from: MediaTime(0)) }
        for await state in watcher.states { if case .offline = state { break } }
        try await Task.sleep(for: .milliseconds(500))
        #expect(camera.shown == 1 && watcher.counters.failures == 1)
        #expect(watcher.secondsSinceProgress == 0)
        now.withLock { $0 += 301 }
        try await eventually { camera.shown == 2 }
        watcher.stop()
        await run.value
    }

    @Test func `a stream that a user may not see stops no other`() async throws {
        let camera = try camera(["user": "me", "password": "pw", "challenges": ["md5"]])
        let forbidden = try QuirkyCamera([
            "user": "me", "password": "pw", "challenges": ["md5"], "forbidden": true,
        ])
        let options = options()
        #expect(try await watch(CameraURL(camera.url(login: "me:pw")), options) == 1)
        let first = await fault(CameraURL(forbidden.url(login: "me:pw")), options)
        #expect(first?.cause.contains("refused (403 Forbidden)") == true, "\(String(describing: first))")
        // Where user and password are known to be right, only that one stream rests.
        let place = "127.0.0.1:\(forbidden.port)"
        let key = CredentialGate.Key(place: place, login: .init(user: "me", password: "pw"))
        options.credentials.leave(key, isTrying: false, .proven, at: options.uptime())
        let second = await fault(CameraURL(forbidden.url(login: "me:pw", path: "/2")), options)
        #expect(
            second?.cause.contains("may not see this stream (403 Forbidden)") == true, "\(String(describing: second))")
        #expect(throws: Never.self) { try options.credentials.check(key, at: options.uptime()) }
    }

    @Test func `who asks for what nobody has or knows is named with what to set`() async throws {
        let asking = try camera(["user": "me", "password": "pw", "challenges": ["md5"]])
        let none = await fault(CameraURL(asking.url()), options())
        #expect(none?.description.contains("asks for user and password (401 Unauthorized); write them into") == true)
        let odd = try camera(["user": "me", "password": "pw", "challenges": ["unknown"]])
        let unknown = await fault(CameraURL(odd.url(login: "me:pw")), options())
        #expect(unknown?.description.contains("(Digest SHA-3); set digest authentication") == true)
        #expect(odd.shown == 0)
    }

    // MARK: the session

    @Test(arguments: [Transport.tcp, .udp])
    func `a session that goes silent is left with a farewell, and the next one finds its place`(
        transport: Transport
    ) async throws {
        let camera = try camera(["places": 1, "pause_after": 0.5])
        var options = options(transport)
        options.readTimeout = 1
        let silent = await fault(CameraURL(camera.url()), options)
        #expect(silent?.cause.contains("no answer within 1.0 s") == true, "\(String(describing: silent))")
        #expect(camera.count("TEARDOWN") == 1)
        #expect(try await watch(CameraURL(camera.url()), options) == 1)
        #expect(camera.count("TEARDOWN") == 2)
    }

    @Test func `a camera that is stopped says farewell`() async throws {
        let camera = try camera(["places": 1])
        let deadline = ReadDeadline()
        let options = options()
        async let watching = watch(CameraURL(camera.url()), options, pictures: .max, deadline: deadline)
        try await eventually { camera.count("PLAY") == 1 }
        deadline.stop()
        _ = try? await watching
        #expect(camera.count("TEARDOWN") == 1)
    }

    @Test(
        .waiting,
        arguments: [
            ("SETUP tcp", 453, "453 Not Enough Bandwidth", "close others"), ("DESCRIBE", 404, "404 Not Found", "path"),
            ("PLAY", 503, "503 Service Unavailable", "close others"),
            ("SETUP tcp", 461, "461 Unsupported", "transport: udp"),
            ("SETUP udp", 461, "461 Unsupported Transport", "transport: tcp"),
            ("PLAY", 799, "status 799", "check the address"),
        ])
    func `the status of a refusal is told with what to do`(
        request: String, status: Int, text: String, remedy: String
    ) async throws {
        let camera = try camera(["statuses": [request: status]])
        let fault = await fault(CameraURL(camera.url()), options(request == "SETUP udp" ? .udp : .tcp))
        let told = try #require(fault)
        #expect(told.cause.contains(text) && told.remedy.contains(remedy), "\(told)")
        // What the camera writes there is its own.
        #expect(!told.description.contains("Whatever"))
    }

    @Test func `a camera without TCP is read over UDP, and asked for it first from then on`()
        async throws
    {
        let camera = try camera(["statuses": ["SETUP tcp": 461]])
        let options = options()
        for _ in 0..<2 { #expect(try await watch(CameraURL(camera.url()), options) == 1) }
        let wishes = camera.requests.filter { $0.method == "SETUP" }.compactMap { $0.headers["transport"] }
        #expect(wishes.map { $0.contains("TCP") } == [true, false, false])
    }

    @Test(arguments: [("tcp", "udp"), ("udp", "tcp")])
    func `a camera that sends nothing over one transport is read over the other`(mute: String, other: String)
        async throws
    {
        let camera = try camera(["mute": [mute]])
        var options = options()
        options.readTimeout = 1
        let first = Transport(rawValue: mute) ?? .auto
        options.memory.note { $0.transport = first }
        let silent = await fault(CameraURL(camera.url()), options)
        #expect(
            silent?.description.contains("no packet came over \(mute.uppercased())") == true,
            "\(String(describing: silent))")
        #expect(silent?.remedy == "\(other.uppercased()) is tried next")
        #expect(try await watch(CameraURL(camera.url()), options) == 1)
    }

    @Test(arguments: ["hang up", "refuse", "silent"])
    func `a camera that bears no GET_PARAMETER is kept alive by OPTIONS`(habit: String) async throws {
        let camera = try camera(["get_parameter": habit, "timeout": 2])
        let watcher = Camera(
            id: "alive", settings: .init(url: CameraURL(camera.url()), sampling: .every(seconds: 0.2)),
            backoff: Backoff(shortest: 0.01, longest: 0.02))
        let run = Task { await watcher.run(from: MediaTime(0)) }
        // One for the start of each session, and three to keep it alive.
        let sessions = habit == "hang up" ? 2 : 1
        if habit == "silent" {
            try await eventually { camera.count("GET_PARAMETER") > 2 }
        } else {
            try await eventually { camera.count("OPTIONS") >= sessions + 3 }
            #expect(camera.count("GET_PARAMETER") == 1)
        }
        watcher.stop()
        await run.value
        #expect(watcher.counters.sessions == sessions)
    }

    @Test(
        .waiting,
        arguments: [["svac", "h264"], ["jpeg", "h264"], ["srtp", "h264"], ["h264", "svac"]] as [[String]])
    func `an unusable video hides no usable one`(media: [String]) async throws {
        let camera = try camera(["media": media])
        #expect(try await watch(CameraURL(camera.url()), options()) == 1)
        #expect(camera.count("SETUP") == 1)
    }

    @Test func `MJPEG that is wider than RTP can say is named`() async throws {
        let camera = try QuirkyCamera(["media": ["jpeg"], "wide_jpeg": true])
        let fault = await fault(CameraURL(camera.url()), options())
        #expect(fault?.cause.contains("more than 2040 pixels") == true, "\(String(describing: fault))")
        #expect(fault?.remedy.contains("set H.264") == true)
    }

    @Test func `bytes between packets that are nothing cost what they hide and no more`()
        async throws
    {
        let camera = try camera(["garbage": 90])
        #expect(try await watch(CameraURL(camera.url()), options(), pictures: 3) == 3)
        #expect(camera.count("OPTIONS") == 1)
    }

    @Test(arguments: ["rtsp://192.168.1.64:554/stream/", "rtsp://0.0.0.0:554/stream"])
    func `the base that a camera names for itself changes nothing of where it is called`(base: String) async throws {
        let camera = try camera(["base": base])
        #expect(try await watch(CameraURL(camera.url()), options()) == 1)
        #expect(
            camera.requests.last { $0.method == "SETUP" }?.uri
                == "rtsp://\(base.dropFirst(7).split(separator: "/")[0])/stream/track0")
    }

    // MARK: descriptions and answers as they are

    private static let inner = "rtsp://10.0.0.9:554/inner"

    /// Habits, and where the video is set up and played then; PORT is that of the camera.
    @Test(
        .waiting,
        arguments: [
            (["base": "none"], "rtsp://127.0.0.1:PORT/stream/track0", "rtsp://127.0.0.1:PORT/stream"),
            // No whole address, against the standard.
            (["base": "/stream/"], "rtsp://127.0.0.1:PORT/stream/track0", "rtsp://127.0.0.1:PORT/stream"),
            (["base": "stream"], "rtsp://127.0.0.1:PORT/stream/track0", "rtsp://127.0.0.1:PORT/stream"),
            (
                ["base": "rtsp://127.0.0.1/there", "base_header": "Content-Location"],
                "rtsp://127.0.0.1/there/track0", "rtsp://127.0.0.1/there"
            ),
            (
                ["base": "none", "session_control": ""], "rtsp://127.0.0.1:PORT/stream/track0",
                "rtsp://127.0.0.1:PORT/stream"
            ),
            // What the description says of the whole goes before the header.
            (["session_control": inner], inner + "/track0", inner),
            (["control": inner + "/track{}"], inner + "/track0", "rtsp://127.0.0.1:PORT/stream/"),
            // The camera's own password is none of its address.
            (
                ["session_control": "rtsp://a:b@10.0.0.9:554/inner", "control": "rtsp://a:b@10.0.0.9/track{}"],
                "rtsp://10.0.0.9/track0", inner
            ),
            (
                ["control": "track{}?of=rtsp://10.0.0.9/x"], "rtsp://127.0.0.1:PORT/stream/track0?of=rtsp://10.0.0.9/x",
                "rtsp://127.0.0.1:PORT/stream/"
            ),
        ] as [([String: String], String, String)])
    func `the address of the video is the one that the camera means`(
        habits: [String: String], track: String, whole: String
    ) async throws {
        let camera = try camera(habits)
        #expect(try await watch(CameraURL(camera.url()), options()) == 1)
        func asked(_ method: String) -> String? { camera.requests.last { $0.method == method }?.uri }
        #expect(asked("SETUP") == track.replacing("PORT", with: "\(camera.port)"))
        #expect(asked("PLAY") == whole.replacing("PORT", with: "\(camera.port)"))
        #expect(asked("TEARDOWN") == asked("PLAY"))
    }

    private static let metadata = [
        "m=audio 0 RTP/AVP 0", "a=control:sound0", "m=audio 0 RTP/AVP 97", "a=rtpmap:97 MPEG4-GENERIC/16000",
        "a=fmtp:97 streamtype=5;mode=AAC-hbr;config=1408", "a=control:sound1", "m=application 0 RTP/AVP 107",
        "a=rtpmap:107 vnd.onvif.metadata/90000", "a=control:words", "m=video 0 RTP/AVP 98", "a=rtpmap:98 rtx/90000",
    ]

    @Test(
        .waiting,
        arguments: [
            ["lower_case": true], ["session": "abc;timeout="], ["session": "abc ; timeout = x"], ["session": "a-_.$+"],
            ["setup_transport": "RTP/AVP/TCP;unicast;interleaved=2-3", "channel": 2],
            ["setup_transport": "rtp/avp/tcp; unicast; Interleaved=4", "channel": 4],
            ["setup_transport": "RTP/AVP/TCP;unicast;interleaved=40-41;mode=\"play\"", "channel": 40],
            ["setup_transport": "RTP/AVP;unicast;source=10.0.0.9;interleaved=254-255", "channel": 254],
            ["prefix": metadata], ["names": "h264/90000"], ["names": "H264"], ["names": " H264/90000/1 "],
            ["parameters": false], ["parameters": "96"], ["parameters": "96 sprop-parameter-sets="],
            ["parameters": "96 sprop-parameter-sets=,"], ["parameters": "96 sprop-parameter-sets=!!!,Z00AKpY1QPAE"],
            ["parameters": "96 profile-level-id=0;packetization-mode=7;;=;sprop-parameter-sets"],
            ["redirect": "rtsp://127.0.0.1:PORT/elsewhere"],
            ["redirect": "RTSP://127.0.0.1:PORT/elsewhere", "redirect_status": 301],
            ["statuses": ["OPTIONS": 501]], ["statuses": ["OPTIONS": 404]],
        ] as [[String: any Sendable]])
    func `a camera with a harmless habit is read`(habits: [String: any Sendable]) async throws {
        let camera = try camera(habits)
        #expect(try await watch(CameraURL(camera.url()), options(.tcp), pictures: 2) == 2)
        #expect(camera.count("SETUP") == 1 && camera.count("TEARDOWN") == 1)
    }

    @Test(arguments: [
        ("abc;timeout=8", 4.0), ("abc; timeout = 8", 4), ("abc;TIMEOUT=8 ", 4), ("abc;timeout=8s", 4),
        ("abc;timeout=", 30), ("abc", 30), ("abc;timeout=-8", 30), ("abc;timeout=99999999999999999999", 30),
    ])
    func `a session is kept alive within the time that it is said to last`(session: String, interval: Double)
        async throws
    {
        let camera = try camera(["session": session])
        let found = try await onOwnThread(named: "session") {
            try RTSPSession(CameraURL(camera.url()), options: .init(), deadline: ReadDeadline()).interval
        }
        #expect(found == interval)
    }

    @Test(arguments: [405, 501])
    func `a camera that refuses each sign of life is read on`(status: Int) async throws {
        let camera = try camera([
            "get_parameter": "refuse", "timeout": 2, "statuses": ["OPTIONS while playing": status],
        ])
        var options = options()
        options.sampling = .every(seconds: 0)
        #expect(try await watch(CameraURL(camera.url()), options, pictures: 35) == 35)
        #expect(camera.count("GET_PARAMETER") == 1 && camera.count("OPTIONS") >= 3)
        #expect(camera.requests.map(\.connection).allSatisfy { $0 == 1 })
    }

    @Test func `a camera that sends its caller on and on, or sends over another way than asked, is named`() async throws
    {
        let round = try camera(["redirect": "rtsp://127.0.0.1:PORT/a", "statuses": ["OPTIONS": 302]])
        #expect(await fault(CameraURL(round.url()), options())?.cause.contains("no host") == true)
        let other = try camera(["setup_transport": "RTP/AVP;unicast;client_port=1-2;server_port=3-4"])
        let options = options()
        let error = await fault(CameraURL(other.url()), options)
        #expect(
            error?.cause.contains("asked for TCP and sends over something else") == true, "\(String(describing: error))"
        )
        #expect(error?.remedy == "UDP is tried next" && options.memory.known.transport == .udp)
        // Its place is free again.
        #expect(other.count("TEARDOWN") == 1)
        #expect(await fault(CameraURL(other.url()), self.options(.tcp))?.remedy == "set transport: udp")
    }

    // MARK: clocks and losses

    @Test(
        .waiting,
        arguments: [
            ("zero", "right", true), ("uptime", "right", true), ("random", "right", false), ("right", "zero", false),
        ])
    func `a clock that is none changes nothing, and is told at most once`(
        ntp: String, rtp: String, isSilent: Bool
    ) async throws {
        let camera = try camera(["report_every": 0.25, "report_ntp": ntp, "report_rtp": rtp, "fps": 40])
        let watcher = Camera(
            id: "clock", settings: .init(url: CameraURL(camera.url()), sampling: .every(seconds: 0.1)))
        let run = Task { await watcher.run(from: MediaTime(0)) }
        var (watch, steps, count) = (ClockWatch(), [ClockWatch.Step](), 0)
        for await frame in watcher.frames {
            count += 1
            if let step = frame.moment.flatMap({ watch.step($0, at: frame.time) }) { steps.append(step) }
            if isSilent ? count == 20 : steps.last == .distrusted && frame.moment?.camera == nil { break }
        }
        watcher.stop()
        await run.value
        #expect(steps == (isSilent ? [] : [.distrusted]), "\(steps)")
        #expect(watch.offset == nil)
    }

    @Test func `a stream without whole pictures is not online, and says what it loses`()
        async throws
    {
        let camera = try camera(["lose_every": 3])
        let now = Mutex(0.0)
        var options = options(.udp)
        options.uptime = { now.withLock { $0 } }
        options.progress = { now.withLock { $0 += 0.5 } }
        let reasons = Mutex([String]())
        options.starve = { reason in reasons.withLock { $0.append(reason) } }
        let end = await fault(CameraURL(camera.url()), options)
        #expect(end?.cause.contains("no whole picture in 23 s, and") == true, "\(String(describing: end))")
        let told = reasons.withLock { $0 }
        #expect(told.count == 1)
        #expect(told.first?.contains("no whole picture in 10 s, and 3") == true, "\(told)")
        #expect(told.first?.contains("% of its packets are lost on the way (transport: tcp loses none)") == true)
    }

    @Test(.waiting(minutes: 2)) func `a stream that loses one packet in twenty stays online, since looks are made`()
        async throws
    {
        let camera = try camera(["lose_share": 0.05, "fps": 20])
        let watcher = Camera(id: "lossy", settings: .init(url: CameraURL(camera.url()), transport: .udp))
        let run = Task { await watcher.run(from: MediaTime(0)) }
        var count = 0
        for await _ in watcher.frames {
            count += 1
            if count == 25 { break }
        }
        watcher.stop()
        await run.value
        var states: [CameraState] = []
        for await state in watcher.states { states.append(state) }
        #expect(states == [.connecting, .online], "\(states)")
    }

    /// Of the first 20 s most packets are lost from the fourth second on.
    @Test(.waiting(minutes: 3))
    func `a stream that loses most of its packets is offline with its reason, and online after three looks in time`()
        async throws
    {
        let camera = try camera(["lose_share": 0.7, "lose_from": 4, "lose_until": 20])
        let watcher = Camera(
            id: "lossy", settings: .init(url: CameraURL(camera.url()), transport: .udp),
            backoff: Backoff(shortest: 0.01, longest: 0.02))
        let run = Task { await watcher.run(from: MediaTime(0)) }
        var (states, looks) = ([CameraState](), 0)
        for await state in watcher.states {
            states.append(state)
            if case .offline = state { looks = watcher.counters.pictures }
            if states.count > 2, state == .online { break }
        }
        let missed = watcher.counters.pictures - looks
        watcher.stop()
        await run.value
        guard states.count == 4, case .offline(let reason) = states[2] else {
            Issue.record("\(states)")
            return
        }
        #expect(states[0] == .connecting && states[1] == .online && states[3] == .online)
        #expect(reason.contains("no whole picture in 1") && reason.contains("% of its packets are lost"), "\(reason)")
        #expect(reason.contains("transport: tcp"), "\(reason)")
        #expect(watcher.counters.sessions == 1 && missed >= 2, "\(missed)")
    }
}
