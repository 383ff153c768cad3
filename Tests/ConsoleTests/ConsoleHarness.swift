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
    private let running = Mutex<Task<Void, any Error>?>(nil)
    private let group = Mutex<ServiceGroup?>(nil)

    private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init(hosts: [String] = [], proxies: [String] = [], logger: Logger = silent) async throws {
        folder = try TemporaryFolder()
        outbox = try Outbox(file: folder.file("outbox.sqlite"))
        let place = GridLocation(area: try AreaCode("320583102201"), grid: "003", microgrid: "02")
        site = SiteIdentity(
            id: "edge-01", place: place, software: "test", configurationSHA256: "0", catalogue: "1",
            model: .init(name: "net", version: "1", sha256: ""))
        try await start(hosts: hosts, proxies: proxies, logger: logger)
    }

    deinit { running.withLock { $0?.cancel() } }

    var now: Date { clock.withLock(\.self) }
    func pass(_ seconds: Double) { clock.withLock { $0 += seconds } }
    var base: String { "http://127.0.0.1:\(port.withLock(\.self))" }
    var number: Int { port.withLock(\.self) }

    private func start(hosts: [String], proxies: [String], logger: Logger) async throws {
        let parts = ConsoleParts(
            outbox: outbox, site: site, catalogue: try Catalogue.builtIn(),
            health: {
                [
                    .init(
                        id: "broker", state: .ok, name: .init(zh: "消息服务器", en: "Broker"),
                        now: .init(zh: "已连接", en: "connected"), action: .init(zh: "", en: ""))
                ]
            },
            cameras: {
                [
                    .init(
                        id: "cam-01", name: "Gate", state: "online", reason: nil, openIncidents: 0, secondsSinceLook: 1,
                        looksPerSecond: 0.5)
                ]
            },
            review: { [outbox, topics] request, topic in
                let review = try Review(InboundFields(request, known: Review.keys))
                let reviewed = try outbox.apply(
                    review, digest: try SHA256.hex(request), place: topics.place(of: topic) ?? "", replyTopic: "",
                    topics: topics, at: Date()
                ) { _ in nil }
                return .init(
                    state: reviewed.incident.state.rawValue, review: reviewed.incident.review?.rawValue ?? "pending",
                    revision: reviewed.incident.revision, repeated: reviewed.message == nil)
            },
            picture: { [folder] file, sha256, _ in
                let bytes = FileManager.default.contents(atPath: folder.file(file).path).map { Array($0) }
                return bytes.flatMap { (try? SHA256.hex($0)) == sha256 ? $0 : nil }
            }, now: { [weak self] in self?.now ?? Date() })
        let (bound, binding) = AsyncStream<Int>.makeStream()
        let server = ConsoleServer(
            .init(address: "127.0.0.1", port: 0, hosts: hosts, trustedProxies: proxies), parts,
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
        try outbox.save(account, by: "", at: now)
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

    /// An incident with one masked picture on the disk, reported now.
    @discardableResult
    func report(_ camera: String = "cam-01", area: String = "320583102201", isMasked: Bool = true) throws -> Incident {
        let incident = Incident(
            id: UUIDv7.make(), kind: AlertKind(rawValue: "parking.motor"), camera: camera, zone: "np1",
            firstSeen: MediaTime(0),
            confirmed: MediaTime(300), lastSeen: MediaTime(300), threshold: 300,
            object: .init(objectClass: .car, confidence: 0.8, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)),
            why: [.init(at: MediaTime(300), what: "stood still")])
        try append(incident, area: area, isMasked: isMasked)
        return incident
    }

    func append(_ incident: Incident, area: String = "320583102201", isMasked: Bool = true) throws {
        let place = GridLocation(area: try AreaCode(area), grid: "003", microgrid: "02")
        let entry = try #require(try Catalogue.builtIn()[AlertKind(rawValue: "parking.motor")])
        let picture = picture(of: incident)
        try Data(picture).write(to: folder.file(incident.id.text))
        try outbox.append(incident) { incident, sequence in
            try IncidentEnvelope(
                incident: incident, site: site,
                camera: CameraIdentity(id: incident.camera, name: "东门", place: place, timeZone: .gmt),
                zone: ZoneIdentity(id: "np1", name: "gate", surface: .carriageway), entry: entry,
                evidence: [
                    EvidenceReference(
                        role: "close-up", sha256: try SHA256.hex(picture), bytes: picture.count, masked: isMasked,
                        taken: now, path: incident.id.text)
                ], epoch: outbox.epoch, date: { [now] in now.addingTimeInterval($0.seconds) }
            ).message(sequence: sequence, topics: topics)
        }
    }

    func picture(of incident: Incident) -> [UInt8] { Array("picture of \(incident.id.text)".utf8) }

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
        _ method: String, _ path: String, cookie: String? = nil, body: String? = nil, headers: [String: String?] = [:]
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
        return try Self.parse(raw(Array((head + (body ?? "")).utf8)))
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
        let text = String(decoding: bytes, as: UTF8.self)
        let end = try #require(text.range(of: "\r\n\r\n"), "no answer")
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        var answer = Answer()
        answer.status = Int(lines[0].split(separator: " ")[1]) ?? 0
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            answer.headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        }
        answer.body = Array(text[end.upperBound...].utf8)
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

    func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Nil at the end, or where nothing came in time.
    func read() -> [UInt8]? {
        var part = [UInt8](repeating: 0, count: 16_384)
        let count = recv(descriptor, &part, part.count, 0)
        return count > 0 ? Array(part.prefix(count)) : nil
    }
}
