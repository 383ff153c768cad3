import Console
import Contract
import Domain
import Foundation
import Glibc
import Hashing
import Runtime
import ServiceLifecycle
import Store
import Synchronization
import TestSupport
import Testing

@testable import Centre
@testable import MQTT

/// The page of a centre over a real database, on a free port of the loopback. The test gives messages to its room.
final class PageHarness: Sendable {
    let room: Room
    let accounts: CentreAccounts
    let page: CentrePage
    private let port = Mutex(0)
    private let group: ServiceGroup
    private let running = Mutex<Task<Void, any Error>?>(nil)

    init(_ change: (inout CaseRules) -> Void = { _ in }) async throws {
        room = try Room(.sqlite, change)
        accounts = CentreAccounts(room.store)
        let area = try AreaCode("320583")
        var settings = CentreSettings(
            id: "kunshan", area: area, topics: AlertTopics(), brokers: [], store: room.folder.file("centre.sqlite"),
            rules: room.rules, software: "gridwarden test")
        let place = ConsoleServer.Settings(address: "127.0.0.1", port: 0)
        settings.page = place
        let time = room.time
        page = try CentrePage(settings, room.store, room.desk, now: { time.date })
        let (bound, binding) = AsyncStream<Int>.makeStream()
        group = ServiceGroup(
            services: [page.server(place, logger: noLogger, isBound: { binding.yield($0) })], logger: noLogger)
        running.withLock { [group] in $0 = Task { try await group.run() } }
        for await number in bound {
            port.withLock { $0 = number }
            break
        }
    }

    deinit { running.withLock { $0?.cancel() } }

    func stop() async throws {
        await group.triggerGracefulShutdown()
        try await running.withLock(\.self)?.value
    }

    var number: Int { port.withLock(\.self) }
    var base: String { "http://127.0.0.1:\(number)" }

    static let password = "correct horse battery"

    /// An account, with a password where `hasPassword`; returns the cookie of a session of it.
    @discardableResult
    func account(
        _ name: String, _ role: Account.Role, area: String? = nil, grid: String? = nil, department: String? = nil,
        hasPassword: Bool = false
    ) throws -> String {
        let account = Account(
            name: name, role: role, area: try area.map { try AreaCode($0) }, grid: grid, department: department,
            created: room.time.date)
        #expect(try accounts.add(account, by: "", at: room.time.date) == .done)
        if hasPassword {
            let salt = [UInt8](repeating: 1, count: 16)
            let key = try Scrypt.key(password: Array(Self.password.utf8), salt: salt, cost: 4)
            try accounts.set(PasswordKey(salt: salt, key: key, cost: 4), of: name, by: "", at: room.time.date)
        }
        return "gw=\(try secret(of: name, .session))"
    }

    func secret(of name: String, _ kind: AccountSession.Kind) throws -> String {
        let secret = UUID().uuidString + UUID().uuidString
        try accounts.open(
            session: try SHA256.hex(Array(secret.utf8)), kind, of: name, expires: room.time.date + 604_800,
            address: "127.0.0.1", at: room.time.date)
        return secret
    }

    /// An incident at a site of this village, which becomes a case; its picture has come.
    func report(_ street: Street, _ sequence: Int64, kind: String = "parking.motor", zone: String = "np1") throws
        -> CaseItem
    {
        let incident = street.incident(kind, zone: zone, at: room.time.now)
        room.take(try street.alert(incident, sequence))
        let found = try #require(try room.store.read { try IncidentRow.find(incident.id.text, $0) }?.caseID)
        return try room.file(found).item
    }

    struct Answer {
        var status = 0
        var headers: [String: String] = [:]
        var body: [UInt8] = []
        var text: String { String(decoding: body, as: UTF8.self) }

        func json() throws -> [String: Any] {
            try #require(JSONSerialization.jsonObject(with: Data(body)) as? [String: Any], "\(text)")
        }
    }

    /// A request as the page makes it; with a token instead of a cookie as a program does.
    func send(
        _ method: String, _ path: String, cookie: String? = nil, token: String? = nil, body: String? = nil,
        headers: [String: String] = [:], patience: Int = 10
    ) throws -> Answer {
        var all = ["Host": "127.0.0.1:\(number)", "Connection": "close"]
        if let cookie { all["Cookie"] = cookie }
        if let token { all["Authorization"] = "Bearer \(token)" }
        if method != "GET" {
            all["Content-Type"] = "application/json"
            all["Origin"] = base
            all["X-Gridwarden"] = "1"
            all["Content-Length"] = "\((body ?? "").utf8.count)"
        }
        all.merge(headers) { $1 }
        let head = (["\(method) \(path) HTTP/1.1"] + all.map { "\($0): \($1)" }).joined(separator: "\r\n") + "\r\n\r\n"
        return try Self.parse(raw(Array((head + (body ?? "")).utf8), patience: patience))
    }

    /// Everything that comes until the server closes, or nothing comes for a while.
    private func raw(_ request: [UInt8], patience: Int) throws -> [UInt8] {
        let descriptor = try LocalSocket.tcp(address: "127.0.0.1", port: number).connected()
        defer { close(descriptor) }
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        _ = request.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        var answer: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(descriptor, &part, part.count, 0)
            guard count > 0 else { return answer }
            answer += part.prefix(count)
        }
    }

    private static func parse(_ bytes: [UInt8]) throws -> Answer {
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

    /// A step by the API.
    func step(
        _ action: String, _ id: String, cookie: String? = nil, token: String? = nil,
        request: String = UUID().uuidString,
        _ more: [String: String] = [:]
    ) throws -> Answer {
        let body = try JSONSerialization.data(withJSONObject: more.merging(["request_id": request]) { $1 })
        return try send(
            "POST", "/api/v1/cases/\(id)/\(action)", cookie: cookie, token: token,
            body: String(decoding: body, as: UTF8.self))
    }
}
