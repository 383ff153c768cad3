import Contract
import Domain
import Foundation
import Glibc
import Hashing
import Logging
import Runtime
import ServiceLifecycle
import Store
import Synchronization
import TestSupport
import Testing

@testable import Console

/// A console over a real store, on a free port of the loopback, with a clock that a test sets.
final class ConsoleHarness: Sendable {
    static let password = "correct horse battery"
    private static let key: Result<PasswordKey, any Error> = Result {
        let salt = [UInt8](repeating: 1, count: 16)
        return PasswordKey(
            salt: salt, key: try Scrypt.key(password: Array(password.utf8), salt: salt, cost: 4), cost: 4)
    }

    let folder: TemporaryFolder
    let outbox: Outbox
    let site: SiteIdentity
    let topics = AlertTopics()
    private let clock = Mutex(Date(timeIntervalSince1970: 1_795_500_000))
    private let port = Mutex(0)
    private let sight = Mutex(Sight())
    private let listeners = Mutex<[@Sendable (String) -> Void]>([])
    private let configuration: ConfigurationParts?
    private let commissioning: Commissioning?
    private let running = Mutex<Task<Void, any Error>?>(nil)
    private let group = Mutex<ServiceGroup?>(nil)

    /// What the site says of its cameras.
    struct Sight: Sendable {
        var rows = [camera("cam-01", "Gate")]
        var still = CameraParts.StillAnswer.offline
        var history = CameraParts.History(start: 0, elapsed: 0, backlog: [], coverage: [:])
        /// How often a still was asked for.
        var asked = 0
    }

    /// A camera that sees, with one zone.
    static func camera(_ id: String, _ name: String, area: String = "320583102201") -> CameraParts.Row {
        var row = CameraParts.Row(
            id: id, name: name, area: area, state: "online", cause: .init(zh: "看得见", en: "it sees"),
            action: .init(zh: "无须处理", en: "Nothing to do"), openIncidents: 0, secondsSinceLook: 1, looksPerSecond: 0.5)
        row.cores = 0.016
        row.size = [1920, 1080]
        row.zones = [
            .init(
                id: "np1", name: "No parking", state: .watched, blindSeconds: 3,
                rules: [.init(kind: "parking.motor", name: .init(zh: "机动车乱停放", en: "Motor vehicle"), dwell: 300)],
                polygon: [[0.1, 0.2], [0.6, 0.2], [0.6, 0.8]], smallestCar: 40)
        ]
        return row
    }

    /// Changes what the site says of its cameras, and tells of one whose state has changed.
    func see(telling camera: String? = nil, _ change: (inout Sight) -> Void) {
        sight.withLock { change(&$0) }
        if let camera { for listener in listeners.withLock(\.self) { listener(camera) } }
    }

    var stillsAsked: Int { sight.withLock(\.asked) }

    private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init(
        hosts: [String] = [], proxies: [String] = [], limits: ConnectionDeadlines.Limits = .init(),
        commissioning: Commissioning? = nil, logger: Logger = silent, configuration: ConfigurationParts? = nil
    ) async throws {
        (self.configuration, self.commissioning) = (configuration, commissioning)
        folder = try TemporaryFolder()
        outbox = try Outbox(file: folder.file("outbox.sqlite"))
        let place = GridLocation(area: try AreaCode("320583102201"), grid: "003", microgrid: "02")
        site = SiteIdentity(
            id: "edge-01", place: place, software: "test", configurationSHA256: "0", catalogue: "1",
            model: .init(name: "net", version: "1", sha256: ""))
        try await start(hosts: hosts, proxies: proxies, limits: limits, logger: logger)
    }

    deinit { running.withLock { $0?.cancel() } }

    var now: Date { clock.withLock(\.self) }
    func pass(_ seconds: Double) { clock.withLock { $0 += seconds } }
    var base: String { "http://127.0.0.1:\(port.withLock(\.self))" }
    var number: Int { port.withLock(\.self) }

    /// What the console is made of.
    var parts: ConsoleParts {
        get throws {
            var parts = try plainParts
            (parts.configuration, parts.commissioning) = (configuration, commissioning)
            parts.status = { "{\"site\": \"edge-01\"}\n" }
            parts.metrics = { ("text/plain; version=0.0.4; charset=utf-8", "gridwarden_broker_connected 1\n") }
            return parts
        }
    }

    private var plainParts: ConsoleParts {
        get throws {
            try ConsoleParts(
                outbox: outbox, site: site, catalogue: Catalogue.builtIn(),
                health: {
                    [
                        .init(
                            id: "broker", state: .ok, name: .init(zh: "消息服务器", en: "Broker"),
                            now: .init(zh: "已连接", en: "connected"), action: .init(zh: "", en: ""))
                    ]
                },
                cameras: CameraParts(
                    rows: { [weak self] in self?.sight.withLock(\.rows) ?? [] },
                    still: { [weak self] _ in
                        self?.sight.withLock { sight in
                            sight.asked += 1
                            return sight.still
                        } ?? .offline
                    },
                    history: { [weak self] count in
                        let found = self?.sight.withLock(\.history)
                        guard let found, !found.backlog.isEmpty else {
                            return .init(
                                start: 0, elapsed: 900, backlog: Array(repeating: .init(), count: count), coverage: [:])
                        }
                        return found
                    }, observe: { [weak self] body in self?.listeners.withLock { $0.append(body) } }),
                review: { [outbox, topics] request, topic, address in
                    let review = try Review(InboundFields(request, known: Review.keys))
                    let reviewed = try outbox.apply(
                        review, digest: try SHA256.hex(request), place: topics.place(of: topic) ?? "", replyTopic: "",
                        topics: topics, from: address, at: Date()
                    ) { _ in nil }
                    return .init(
                        state: reviewed.incident.state.rawValue,
                        review: reviewed.incident.review?.rawValue ?? "pending",
                        revision: reviewed.incident.revision, repeated: reviewed.message == nil)
                },
                picture: { [folder] file, sha256, _ in
                    let bytes = FileManager.default.contents(atPath: folder.file(file).path).map { Array($0) }
                    return bytes.flatMap { (try? SHA256.hex($0)) == sha256 ? $0 : nil }
                }, now: { [weak self] in self?.now ?? Date() })
        }
    }

    private func start(
        hosts: [String], proxies: [String], limits: ConnectionDeadlines.Limits, logger: Logger
    ) async throws {
        let (bound, binding) = AsyncStream<Int>.makeStream()
        let server = ConsoleServer(
            .init(address: "127.0.0.1", port: 0, hosts: hosts, trustedProxies: proxies), try parts, limits: limits,
            logger: logger, isBound: { binding.yield($0) })
        let group = ServiceGroup(
            services: [server], logger: Self.silent)
        self.group.withLock { $0 = group }
        running.withLock { $0 = Task { try await group.run() } }
        for await number in bound {
            port.withLock { $0 = number }
            return
        }
    }

    /// As a signal does.
    func stop() async throws {
        await group.withLock(\.self)?.triggerGracefulShutdown()
        try await running.withLock(\.self)?.value
    }

    /// An account with the one password of the tests.
    @discardableResult
    func account(_ name: String, _ role: Account.Role, area: String? = nil) throws -> Account {
        let account = Account(name: name, role: role, area: try area.map { try AreaCode($0) }, created: now)
        #expect(try outbox.add(account, by: "", at: now) == .done)
        try outbox.set(Self.key.get(), of: name, by: "", at: now)
        return account
    }

    /// The cookie of a new session.
    func signIn(_ name: String) throws -> String {
        let answer = try send(
            "POST", "/api/v1/session", body: "{\"user\":\"\(name)\",\"password\":\"\(Self.password)\"}")
        try #require(answer.status == 200, "\(answer.text)")
        let cookie = try #require(answer.headers["set-cookie"])
        return String(cookie.prefix { $0 != ";" })
    }

    /// The cookie of a session that no password opened.
    func session(of name: String, _ kind: AccountSession.Kind = .session) throws -> String {
        let secret = Secrets.token()
        try outbox.open(
            session: try SHA256.hex(Array(secret.utf8)), kind, of: name, expires: now + SignIn.longest,
            address: "127.0.0.1", at: now)
        return kind == .session ? "gw=\(secret)" : secret
    }

    /// An incident with one masked picture on the disk, reported now.
    ///
    /// - Parameter hasPicture: false for a file that holds none, under its right hash.
    @discardableResult
    func report(
        _ camera: String = "cam-01", area: String = "320583102201", isMasked: Bool = true, hasPicture: Bool = true,
        name: String = "东门"
    ) throws -> Incident {
        let incident = Incident(
            id: UUIDv7.make(), kind: AlertKind(rawValue: "parking.motor"), camera: camera, zone: "np1",
            firstSeen: MediaTime(0),
            confirmed: MediaTime(300), lastSeen: MediaTime(300), threshold: 300,
            object: .init(objectClass: .car, confidence: 0.8, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)),
            why: [.init(at: MediaTime(300), what: "stood still")])
        try append(incident, area: area, isMasked: isMasked, hasPicture: hasPicture, name: name)
        return incident
    }

    func append(
        _ incident: Incident, area: String = "320583102201", isMasked: Bool = true, hasPicture: Bool = true,
        name: String = "东门"
    ) throws {
        let place = GridLocation(area: try AreaCode(area), grid: "003", microgrid: "02")
        let entry = try #require(try Catalogue.builtIn()[AlertKind(rawValue: "parking.motor")])
        let picture = hasPicture ? picture(of: incident) : Array("no picture \(incident.id.text)".utf8)
        try Data(picture).write(to: folder.file(incident.id.text))
        try outbox.append(incident) { incident, sequence in
            try IncidentEnvelope(
                incident: incident, site: site,
                camera: CameraIdentity(id: incident.camera, name: name, place: place, timeZone: .gmt),
                zone: ZoneIdentity(id: "np1", name: "gate", surface: .carriageway), entry: entry,
                evidence: [
                    EvidenceReference(
                        role: "close-up", sha256: try SHA256.hex(picture), bytes: picture.count, masked: isMasked,
                        taken: now, path: incident.id.text)
                ], epoch: outbox.epoch, date: { [now] in now.addingTimeInterval($0.seconds) }
            ).message(sequence: sequence, topics: topics)
        }
    }

    /// A grey JPEG of 32 × 18 pixels; what follows its end is no matter to who draws it.
    static let jpeg = Array(
        Data(
            base64Encoded: """
                /9j/4AAQSkZJRgABAgAAAQABAAD/2wBDAAg+Pkk+SVVVVVVVVWRdZGhoaGRkZGRoaGhwcHCDg4NwcHBoaHBwfHyDg4+Tj4eHg4eTk5ubm7q6srLZ2eD/\
                ////xABMAAEBAAAAAAAAAAAAAAAAAAAAAgEBAQAAAAAAAAAAAAAAAAAAAAQQAQAAAAAAAAAAAAAAAAAAAAARAQAAAAAAAAAAAAAAAAAAAAD/wAARCAAS\
                ACADASIAAhEAAxEA/9oADAMBAAIRAxEAPwCAFSYAAAAAB//Z
                """) ?? Data())

    func picture(of incident: Incident) -> [UInt8] { Self.jpeg + Array(incident.id.text.utf8) }

    // MARK: - Requests

    struct Answer {
        var status = 0
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        var text: String { String(decoding: body, as: UTF8.self) }

        func json() throws -> [String: Any] {
            try #require(JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
        }
    }

    /// A request as the page makes it, unless other headers say otherwise; those that are nil are left out.
    func send(
        _ method: String, _ path: String, cookie: String? = nil, body: String? = nil, headers: [String: String?] = [:],
        patience: Int = 10
    ) throws -> Answer {
        var all: [String: String?] = ["Host": "127.0.0.1:\(number)", "Connection": "close"]
        if let cookie { all["Cookie"] = cookie }
        if method != "GET" {
            all["Content-Type"] = "application/json"
            all["Origin"] = base
            all["X-Gridwarden"] = "1"
        }
        if let body { all["Content-Length"] = "\(body.utf8.count)" }
        all.merge(headers) { $1 }
        let lines = all.compactMap { name, value in value.map { "\(name): \($0)" } }
        let head = (["\(method) \(path) HTTP/1.1"] + lines).joined(separator: "\r\n") + "\r\n\r\n"
        return try Self.parse(raw(Array((head + (body ?? "")).utf8), patience: patience))
    }

    /// Everything that comes until the server closes, or nothing comes for a while.
    func raw(_ request: [UInt8], patience: Int = 10) throws -> [UInt8] {
        let line = try Line(number, patience: patience)
        line.write(request)
        var answer: [UInt8] = []
        while let part = line.read() { answer += part }
        return answer
    }

    static func parse(_ bytes: [UInt8]) throws -> Answer {
        let end = try #require(Data(bytes).range(of: Data("\r\n\r\n".utf8)), "no answer")
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        var answer = Answer()
        answer.status = Int(lines[0].split(separator: " ")[1]) ?? 0
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            answer.headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        }
        answer.body = Array(bytes[end.upperBound...])
        return answer
    }
}

/// A connection to the console.
final class Line: Sendable {
    private let descriptor: Int32

    /// - Parameter patience: seconds without a byte.
    init(_ port: Int, patience: Int = 10) throws {
        descriptor = try LocalSocket.tcp(address: "127.0.0.1", port: port).connected()
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// False where the line is cut.
    ///
    /// - Parameter waitsForRoom: whether for the other side to take it; else it writes what there is room for.
    @discardableResult
    func write(_ bytes: [UInt8], waitsForRoom: Bool = true) -> Bool {
        var rest = bytes[...]
        let flags = Int32(MSG_NOSIGNAL) | (waitsForRoom ? 0 : Int32(MSG_DONTWAIT))
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, flags) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Whether the other side has closed it. Looks at nothing that came.
    func isClosed() -> Bool {
        // POLLRDHUP, which Swift's Glibc module does not offer.
        let ended: Int16 = 0x2000
        var wait = pollfd(fd: descriptor, events: ended, revents: 0)
        poll(&wait, 1, 0)
        return wait.revents & (ended | Int16(POLLHUP) | Int16(POLLERR)) != 0
    }

    /// Nil at the end, or where nothing came in time.
    func read(atMost most: Int = 16_384) -> [UInt8]? {
        var part = [UInt8](repeating: 0, count: most)
        let count = recv(descriptor, &part, part.count, 0)
        return count > 0 ? Array(part.prefix(count)) : nil
    }
}
