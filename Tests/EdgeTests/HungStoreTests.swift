import Analytics
import Domain
import Foundation
import Glibc
import Logging
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import Threading
import Video

@testable import Contract
@testable import Delivery
@testable import Edge
@testable import MQTT
@testable import Pipeline
@testable import Runtime
@testable import Store

/// A store whose calls do not come back, as on a disk that hangs: nobody who stops the service waits for them.
@Suite(.waiting) struct HungStoreTests {
    /// Holds threads until it is opened.
    private final class Gate: Sendable {
        private struct Released: Error {}

        private let isOpen = Atomic(false)
        private let waiting = Atomic(0)

        var hasWaiting: Bool { waiting.load(ordering: .relaxed) > 0 }
        func open() { isOpen.store(true, ordering: .relaxed) }

        func pass() {
            waiting.add(1, ordering: .relaxed)
            while !isOpen.load(ordering: .relaxed) { usleep(5000) }
        }

        /// Whoever writes to the outbox then waits too.
        func hang(_ outbox: Outbox, _ incident: Incident) async throws {
            Thread.detachNewThread {
                _ = try? outbox.append(incident) { _, _ in
                    self.pass()
                    throw Released()
                }
            }
            #expect(try await eventually { hasWaiting })
        }
    }

    private let folder: TemporaryFolder
    private let outbox: Outbox
    private let site: SiteIdentity
    private let camera: CameraIdentity
    private let gate = Gate()
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init() throws {
        folder = try TemporaryFolder()
        outbox = try Outbox(file: folder.file("outbox.sqlite"))
        let place = GridLocation(area: try AreaCode("320583102201"), grid: "003", microgrid: "02")
        site = SiteIdentity(
            id: "edge01", place: place, software: "0", configurationSHA256: "", catalogue: "0",
            model: .init(name: "m", version: "1", sha256: ""))
        camera = CameraIdentity(id: "cam-01", name: "North", place: place, timeZone: .gmt)
    }

    private func incident() -> Incident {
        Incident(
            id: UUIDv7.make(), kind: .illegalParking, camera: "cam-01", zone: "z", firstSeen: MediaTime(0),
            confirmed: MediaTime(300), lastSeen: MediaTime(300), threshold: 300,
            object: .init(objectClass: .car, confidence: 0.7, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)))
    }

    private func writer() throws -> IncidentWriter {
        IncidentWriter(
            outbox: outbox, archive: nil, site: site, topics: AlertTopics(), catalogue: try Catalogue.builtIn(),
            logger: logger
        ) {}
    }

    /// Stops the services; whether they have ended although the gate is shut.
    private func stops(_ services: [any Service], _ body: () async throws -> Void) async throws -> Bool {
        let group = ServiceGroup(services: services, logger: logger)
        let running = Task { try await group.run() }
        try await body()
        await group.triggerGracefulShutdown()
        let hasStopped = await finishes(within: Patience.seconds(20)) { try? await running.value }
        gate.open()
        try await running.value
        return hasStopped
    }

    @Test func `neither the publisher nor the heartbeat keeps a stop waiting`() async throws {
        let broker = try Broker()
        let publisher = Publisher(
            outbox: outbox, broker: MQTTSettings(host: "127.0.0.1", port: broker.port, clientID: "edge01"),
            topics: AlertTopics(), site: site, logger: logger)
        try await gate.hang(outbox, incident())
        let beats = Atomic(0)
        let heart = SiteHeartbeat(publisher: publisher) { _ in
            beats.add(1, ordering: .relaxed)
            try? await Task.sleep(for: .milliseconds(50))
        }
        let service = PublisherService(publisher: publisher, logger: logger, registry: CameraRegistry([camera]))
        let hasStopped = try await stops([service, heart]) { () async throws in
            // It notes that the site's state is retained, and that does not come back; then a beat does not either.
            #expect(try await eventually { publisher.client.isConnected })
            var last = -1
            #expect(
                try await eventually {
                    defer { last = beats.load(ordering: .relaxed) }
                    usleep(300_000)
                    return last > 0 && last == beats.load(ordering: .relaxed)
                })
        }
        #expect(hasStopped)
    }

    @Test func `house-keeping on a disk that hangs leaves the shared threads to others`() async throws {
        try await gate.hang(outbox, incident())
        let housekeepers = (0..<ProcessInfo.processInfo.activeProcessorCount * 2).map { _ in
            let housekeeping = Housekeeping(archive: nil, outbox: outbox, days: 1, auditDays: 1, logger: logger)
            return Task { try await housekeeping.run() }
        }
        usleep(300_000)
        let isServed = Atomic(false)
        Task.detached { isServed.store(true, ordering: .relaxed) }
        // By a thread of this test's own.
        for _ in 0..<Int(Patience.slowness * 100) where !isServed.load(ordering: .relaxed) { usleep(50_000) }
        let wasServed = isServed.load(ordering: .relaxed)
        gate.open()
        #expect(wasServed)
        for housekeeper in housekeepers {
            housekeeper.cancel()
            _ = try? await housekeeper.value
        }
    }

    @Test func `an answer that does not come keeps neither a stop waiting nor the next who asks`() async throws {
        let (gate, socket) = (gate, LocalSocket.file(folder.file("s").path))
        let server = StatusServer(socket, longest: 60, answerTime: 0.3, logger: logger) { path in
            if path == "/status" { gate.pass() }
            return .init(body: path)
        }
        func get(_ path: String) throws -> String {
            String(decoding: try StatusClient.get(path, from: socket), as: UTF8.self)
        }
        let hasStopped = try await stops([server]) { () async throws in
            #expect(try await eventually { (try? get("/a").hasSuffix("/a")) == true })
            for _ in 0..<2 {
                let answer = try get("/status")
                #expect(answer.hasPrefix("HTTP/1.1 503 ") && answer.contains("see to the disk"))
            }
        }
        #expect(hasStopped)
    }

    @Test func `who asks is told how the store stood while it does not answer`() async throws {
        let (gate, outbox) = (gate, outbox)
        let isShut = Mutex(false)
        let calls = Mutex(0)
        let reader = StandingReader(patience: 0.2) {
            calls.withLock { $0 += 1 }
            if isShut.withLock(\.self) { gate.pass() }
            return try outbox.standing()
        }
        #expect(try reader.standing().age == nil)
        isShut.withLock { $0 = true }
        #expect(try reader.standing().age ?? 0 > 0.2)
        for _ in 0..<3 { #expect(try reader.standing().age ?? 0 > 0.2) }
        #expect(calls.withLock(\.self) == 2, "one at a time")
        gate.open()
        #expect(try await eventually { try reader.standing().age == nil })

        let shut = Gate()
        let never = StandingReader(patience: 0.05) {
            shut.pass()
            return try outbox.standing()
        }
        #expect(throws: StandingReader.Unanswered.self) { try never.standing() }
        shut.open()
    }

    @Test func `a camera that is being read from the disk does not keep a stop waiting`() async throws {
        struct Unmade: Error {}
        let gate = gate
        let fleet = try CameraFleet(
            cameras: [], registry: CameraRegistry(), outbox: outbox, writer: try writer(), logger: logger
        ) { _, _ in
            gate.pass()
            throw Unmade()
        }
        let settings = CameraService.Settings(
            identity: camera, stream: .init(url: CameraURL("rtsp://127.0.0.1:1/a")), zones: [], minimumScore: 0.5)
        let reload = Mutex<Task<Bool, Never>?>(nil)
        let hasStopped = try await stops([fleet]) { () async throws in
            reload.withLock { $0 = Task { (try? await fleet.reload([settings])) != nil } }
            #expect(try await eventually { gate.hasWaiting })
        }
        #expect(hasStopped)
        #expect(await reload.withLock(\.self)?.value == true)
    }

    @Test func `a fleet that is cancelled waits for the disk all the same`() async throws {
        let (gate, writer) = (gate, try writer())
        try await gate.hang(outbox, incident())
        let fleet = try CameraFleet(
            cameras: [], registry: CameraRegistry(), outbox: outbox, writer: writer, logger: logger
        ) { _, _ in throw CancellationError() }
        writer.record([
            IncidentWriter.Entry(
                change: .init(incident: incident(), views: []), camera: camera,
                zone: ZoneIdentity(id: "z", name: "Lane", surface: .carriageway), clock: ClockReport(),
                date: { Date(timeIntervalSince1970: 1_790_000_000 + $0.seconds) })
        ])
        Thread.detachNewThread {
            usleep(300_000)
            gate.open()
        }
        let running = Task { try await fleet.run() }
        running.cancel()
        try await running.value
        #expect(try outbox.counts().lastSequence == 1)
    }
}
