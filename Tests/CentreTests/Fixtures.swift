import Domain
import Foundation
import Logging
import Postgres
import Store
import Synchronization
import TestSupport
import Testing

@testable import Centre
@testable import Contract
@testable import MQTT

let noLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A time that the test tells.
final class TestTime: Sendable {
    private let seconds: Mutex<Double>

    /// - Parameter seconds: since 1970; the default is a Tuesday morning in China.
    init(_ seconds: Double = 1_795_485_600) { self.seconds = Mutex(seconds) }

    var now: Double { seconds.withLock(\.self) }
    var date: Date { Date(timeIntervalSince1970: now) }
    func pass(_ more: Double) { seconds.withLock { $0 += more } }
}

/// Messages of sites as the product writes them.
struct Street: Sendable {
    let site: SiteIdentity
    let camera: CameraIdentity
    let topics = AlertTopics()
    var epoch = "0192f0c1-7b10-7d02-8c1e-5f8f0d1c2b3a"

    init(
        _ number: Int = 1, village: String = "320583102201", longitude: Double? = 120.95, latitude: Double? = 31.38
    ) throws {
        let place = GridLocation(area: try AreaCode(village), grid: "003", microgrid: "02")
        let zone = try #require(TimeZone(identifier: "Asia/Shanghai"))
        site = SiteIdentity(
            id: "\(village)-edge\(number)", place: place, software: "0.1.0",
            configurationSHA256: String(repeating: "c", count: 64), catalogue: "2026.11",
            model: .init(name: "efficientdet", version: "1", sha256: String(repeating: "d", count: 64)), timeZone: zone)
        camera = CameraIdentity(
            id: "cam-01", name: "人民路东", longitude: longitude, latitude: latitude, place: place, timeZone: zone)
    }

    func incident(
        _ kind: String = "parking.motor", zone: String = "np1", at date: Double, id: UUID = UUIDv7.make()
    ) -> Incident {
        Incident(
            id: id, kind: AlertKind(rawValue: kind), camera: camera.id, zone: zone, firstSeen: MediaTime(date - 300),
            confirmed: MediaTime(date), lastSeen: MediaTime(date), threshold: 300,
            object: .init(
                objectClass: .car, confidence: 0.78123, box: Box(x: 0.37, y: 0.42, width: 0.2, height: 0.18)),
            why: [.init(at: MediaTime(date), what: "still for 300 s", score: 0.81)])
    }

    func message(_ incident: Incident, _ sequence: Int64, pictures: Int = 1) throws -> AlertMessage {
        let entry = try #require(try Catalogue.builtIn()[incident.kind])
        return try IncidentEnvelope(
            incident: incident, site: site, camera: camera,
            zone: ZoneIdentity(id: incident.zone, name: "路口禁停区", surface: .carriageway), entry: entry,
            evidence: (0..<pictures).map {
                EvidenceReference(
                    role: "panorama-first", sha256: String(repeating: "\($0)", count: 64), bytes: 81_234, masked: true,
                    taken: Date(timeIntervalSince1970: incident.confirmed.seconds), path: "x/\($0).jpg")
            }, clock: ClockReport(source: .rtcp, offsetMilliseconds: 12), epoch: epoch,
            date: { Date(timeIntervalSince1970: $0.seconds) }
        ).message(sequence: sequence, topics: topics)
    }

    func alert(_ incident: Incident, _ sequence: Int64) throws -> MQTTMessage {
        let message = try message(incident, sequence)
        return MQTTMessage(topic: message.topic, payload: message.payload)
    }

    func open(_ incident: Incident, _ sequence: Int64) throws -> MQTTMessage {
        let message = try message(incident, sequence)
        return MQTTMessage(topic: message.openTopic, payload: message.payload, retain: true)
    }

    func report(
        last: Int64, at date: Double, epoch other: String? = nil, dropped: [ClosedRange<Int64>] = []
    ) -> MQTTMessage {
        let facts = SiteReport.Facts(
            epoch: other ?? epoch,
            counts: OutboxCounts(undelivered: 0, delivered: 0, bytes: 0, openIncidents: 0, lastSequence: last),
            dropped: dropped, evicted: EvictedEvidence(incidents: 0, bytes: 0), tallies: [],
            audit: .init(entries: 0, hash: ""), damaged: [], sinks: [])
        let report = SiteReport(site, .online, at: Date(timeIntervalSince1970: date), facts: facts)
        return MQTTMessage(topic: topics.site(site.place, id: site.id), payload: WireJSON.bytes(report))
    }

    func reply(to request: String, at date: Double, _ change: (inout Reply) -> Void) -> MQTTMessage {
        var reply = Reply(.command, .done, site: site, at: Date(timeIntervalSince1970: date))
        reply.request = request
        change(&reply)
        return MQTTMessage(
            topic: topics.topic(topics.inbound(.command, site.place, site: site.id), as: .reply),
            payload: WireJSON.bytes(reply))
    }
}

extension Incident {
    func updated(at date: Double) -> Incident {
        var incident = self
        (incident.state, incident.lastSeen) = (.updated, MediaTime(date))
        incident.revision += 1
        return incident
    }

    func cleared(at date: Double) -> Incident {
        var incident = self
        (incident.state, incident.closeReason, incident.closed) = (.closed, .cleared, MediaTime(date))
        incident.revision += 1
        return incident
    }

    func judged(_ verdict: Verdict) -> Incident { reviewed(verdict) ?? self }
}

/// Which database a test has.
enum StoreKind: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case sqlite, postgres

    /// Those that can be had on this machine.
    static var here: [StoreKind] { PostgresServer.isInstalled ? allCases : [.sqlite] }

    var testDescription: String { rawValue }
}

/// A database of the test's server, as a centre has it.
struct RoomDatabase: Sendable {
    let address: String
    let pool: PostgresDatabase
    let writer: PostgresDatabase

    init(_ address: String, _ name: String) throws {
        self.address = address
        var settings = try PostgresSettings(address: address)
        settings.application = LeaseHolder.prefix + name
        pool = PostgresDatabase(settings, most: 3)
        settings.patience = 2
        writer = PostgresDatabase(settings, most: 1)
    }

    /// For another centre.
    func another(_ name: String) throws -> RoomDatabase { try RoomDatabase(address, name) }

    /// As the kernel does with what a killed process has open.
    func kill() {
        pool.close()
        writer.close()
    }
}

/// A centre's database and the thread that writes it, with no broker: the test gives messages and sees what is sent.
final class Room: Sendable {
    let folder: TemporaryFolder
    let store: any SQLDatabase
    let leases: Leases
    let time: TestTime
    /// Of a room with PostgreSQL.
    let database: RoomDatabase?
    let rules: CaseRules
    let intake = Intake()
    let desk: CaseDesk
    let ingest: Ingest
    private let state: Mutex<IngestState?>

    /// - Parameters:
    ///   - database: one that others have too; a new one without it.
    ///   - name: by which others know it.
    init(
        _ kind: StoreKind = .sqlite, sharing database: RoomDatabase? = nil, time: TestTime = TestTime(),
        name: String = "a", area: String = "320583", _ change: (inout CaseRules) -> Void = { _ in }
    ) throws {
        let zone = try #require(TimeZone(identifier: "Asia/Shanghai"))
        var rules = CaseRules(
            name: "kunshan",
            calendar: WorkingCalendar(hours: [.init(weekdays: Set(1...5), start: 540, end: 1050)], timeZone: zone),
            timeZone: zone)
        change(&rules)
        self.rules = rules
        folder = try TemporaryFolder()
        self.time = time
        let writer: any SQLDatabase
        switch kind {
        case .sqlite:
            store = try SQLiteDatabase(file: folder.file("centre.sqlite"))
            (writer, leases, self.database) = (store, Leases(nil), nil)
        case .postgres:
            let database = try database?.another(name) ?? RoomDatabase(PostgresServer.shared.get().database(), name)
            store = database.pool
            (writer, leases, self.database) = (database.writer, Leases(PostgresLocks(database.writer)), database)
        }
        let sent = Box()
        let topics = AlertTopics()
        let pictures = PictureFolder(url: folder.file("evidence"))
        ingest = try Ingest(
            writer, rules, area: try AreaCode(area), topics: topics, intake: intake, pictures: pictures,
            retention: Retention(messageDays: 184, caseDays: 1825, evidenceDays: 30, pictures: pictures),
            leases: leases, logger: noLogger, now: { time.date }, send: { message, _ in sent.add(message) })
        desk = CaseDesk(store, rules, topics: topics, now: { time.date })
        box = sent
        state = Mutex(try ingest.begin())
    }

    private final class Box: Sendable {
        private let messages = Mutex<[MQTTMessage]>([])
        func add(_ message: MQTTMessage) -> Bool {
            messages.withLock { $0.append(message) }
            return true
        }
        func take() -> [MQTTMessage] {
            messages.withLock { messages in
                defer { messages = [] }
                return messages
            }
        }
    }

    private let box: Box

    /// Writes messages as one batch.
    func take(_ messages: MQTTMessage...) { take(messages) }

    func take(_ messages: [MQTTMessage]) {
        let received = messages.map { Received(message: $0, at: time.now, broker: 0) }
        state.withLock { state in
            guard var current = state.take() else { return }
            ingest.write(received, &current)
            state = current
        }
    }

    /// Lets time pass, and does what is due.
    func pass(_ seconds: Double = 0) {
        time.pass(seconds)
        state.withLock { state in
            guard var current = state.take() else { return }
            ingest.attend(&current, at: time.now)
            state = current
        }
    }

    /// Begins anew with what is in the database, as after a restart.
    func restart() throws { try state.withLock { $0 = try ingest.begin() } }

    /// What was sent since the last time, by its channel.
    func sentMessages() -> [MQTTMessage] { box.take() }

    /// Commands and reviews that were sent since the last time.
    func asked(_ channel: AlertTopics.Channel) throws -> [[String: Any]] {
        try sentMessages().filter { $0.topic.contains("/\(channel.rawValue)/") }.compactMap {
            try JSONSerialization.jsonObject(with: Data($0.payload)) as? [String: Any]
        }
    }

    var figures: IngestFigures { ingest.standing }
    var queries: CentreQueries { CentreQueries(store) }

    func cases(_ stages: CaseStage...) throws -> [CaseItem] {
        var filter = CentreQueries.Filter()
        filter.stages = Set(stages)
        return try queries.cases(filter, limit: 1000)
    }

    func count(_ table: String) throws -> Int {
        try store.read { try $0.row("SELECT COUNT(*) FROM \(table)")?.count(0) ?? 0 }
    }

    func file(_ id: String) throws -> CaseFile { try #require(try queries.find(id)) }

    /// Whether the sums are those of the cases, and each history leads to its stage.
    func check() throws -> [String] {
        let truth = Truth(seed: 0, began: "", ended: "", sites: [], steps: [], unsent: 0)
        var check = CaseCheck(now: time.now)
        try store.read { try check.check(truth, $0) }
        return check.problems.map { "\($0.kind): \($0.text)" }
    }
}

extension CaseStep {
    /// A step of a dispatcher, with a request of its own.
    static func step(
        _ action: CaseAction, role: CaseRole = .dispatcher, request: String = UUID().uuidString, note: String? = nil,
        verdict: Verdict? = nil, department: String? = nil, of: String? = nil, isConfirmed: Bool = false
    ) -> CaseStep {
        CaseStep(
            request: request, action: action, actor: "chen", role: role, ofDepartment: of, note: note, verdict: verdict,
            department: department, isConfirmed: isConfirmed)
    }
}
