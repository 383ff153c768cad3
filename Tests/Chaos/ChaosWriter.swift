import Analytics
import Contract
import Delivery
import Domain
import Foundation
import Glibc
import Logging
import MQTT
import Store
import Synchronization
import TestSupport

/// One life of the process: it goes on where the last one was killed.
final class ChaosWriter: Sendable {
    static let camera = "cam-01"

    private let outbox: Outbox
    private let publisher: Publisher
    private let topics = AlertTopics()
    private let site: SiteIdentity
    private let camera: CameraIdentity
    private let entry: KindEntry
    private let seed: UInt64
    private let progress: ChaosProgress
    private let pause: UInt32
    private let isStopped = Atomic<Bool>(false)

    init(state: URL, host: String, port: Int, seed: UInt64, progress: ChaosProgress, pause: UInt32) throws {
        self.seed = seed
        self.progress = progress
        self.pause = pause
        let place = GridLocation(area: try AreaCode("320583102201"), grid: "003", microgrid: "02")
        let none = String(repeating: "0", count: 64)
        site = SiteIdentity(
            id: "chaos", place: place, software: "chaos", configurationSHA256: none, catalogue: "2026.11",
            model: .init(name: "script", version: "1", sha256: none))
        camera = CameraIdentity(id: Self.camera, name: "script", place: place, timeZone: .gmt)
        guard let entry = try Catalogue.builtIn()[.illegalParking] else { throw CocoaError(.coderValueNotFound) }
        self.entry = entry
        outbox = try Outbox(file: state.appending(path: "outbox.sqlite"))
        var broker = MQTTSettings(host: host, port: port, clientID: "chaos", keepAlive: 5)
        broker.shortestWait = 0.05
        broker.longestWait = 0.3
        publisher = Publisher(
            outbox: outbox, broker: broker, topics: topics, site: site,
            logger: Logger(label: "chaos") { StreamLogHandler.standardError(label: $0) }, places: [place])
    }

    func stop() { isStopped.store(true, ordering: .relaxed) }

    /// Writes until it is stopped, then sends what is left.
    func run(whileParent isAlive: () -> Bool) async throws {
        let publishing = Task { try await publisher.run() }
        var scene = ScriptedScene(seed: seed)
        var seen: Set<ScriptedScene.Vehicle> = []
        var book = IncidentBook(
            camera: Self.camera, restored: try outbox.openIncidents(camera: Self.camera)
        ) { _ in UUIDv7.make() }
        // As a camera does it goes on from the checkpoint: one that said more than was written would lose what lies between.
        var look = try outbox.moment(camera: Self.camera).map { Int($0.time.seconds) } ?? 0
        // The views of the last life are gone.
        insist { try outbox.withhold(because: "killed before its pictures were made") }
        while !isStopped.load(ordering: .relaxed) {
            guard isAlive() else { return }
            look += 1
            progress.begin(look)
            let changes = book.advance(scene.findings(at: look, seen: &seen), at: MediaTime(Double(look)))
            insist { try write(changes, look) }
            if look.isMultiple(of: 3) { insist { try complete(look) } }
            progress.write(look)
            publisher.notify()
            usleep(pause)
        }
        insist { try outbox.withhold(because: "stopped before its pictures were made") }
        outbox.releaseHeld()
        let end = ContinuousClock.now + .seconds(60)
        while try outbox.counts().undelivered > 0, .now < end, isAlive() {
            publisher.notify()
            try await Task.sleep(for: .milliseconds(100))
        }
        publishing.cancel()
        _ = try? await publishing.value
        await publisher.drain(within: .seconds(5))
    }

    /// As the daemon does: the look is one transaction, and pictures follow it: before the next one, after it, or never.
    private func write(_ changes: [Incident], _ look: Int) throws {
        var commit = LookCommit(camera: Self.camera, isHeld: changes.count == 1)
        // What is reported is always in it, what is under way now and then.
        if !changes.isEmpty || look.isMultiple(of: 10) {
            commit.checkpoint = .init(moment: MomentOfRecord(MediaTime(Double(look))))
        }
        commit.changes = changes.map { incident in
            let envelope = envelope(incident, look)
            return LookCommit.Change(incident: incident, isEvidenceDue: incident.isOpen) { [topics] in
                var envelope = envelope
                envelope.incident = $0
                return try envelope.message(sequence: $1, topics: topics)
            }
        }
        if !changes.isEmpty { outbox.releaseHeld() }
        try outbox.commit(commit)
        publisher.notify()
    }

    private func complete(_ look: Int) throws {
        for sequence in try outbox.evidenceDue().prefix(2) {
            try outbox.complete(evidenceOf: sequence) { incident, sequence, id in
                try envelope(incident, look).message(id: id ?? UUIDv7.make(), sequence: sequence, topics: topics)
            }
        }
    }

    private func envelope(_ incident: Incident, _ look: Int) -> IncidentEnvelope {
        // The wall clock steps by an hour to and fro; dwell and sequence must not notice.
        let step = Double(look / 50 % 3 - 1) * 3600
        return IncidentEnvelope(
            incident: incident, site: site, camera: camera,
            zone: ZoneIdentity(id: incident.zone, name: incident.zone, surface: .carriageway), entry: entry,
            epoch: outbox.epoch
        ) { Date(timeIntervalSince1970: 1_795_480_000 + $0.seconds + step) }
    }

    /// As the daemon does: what the disk does not take is kept and tried again.
    private func insist(_ body: () throws -> Void) {
        while true {
            do { return try body() } catch { usleep(20_000) }
        }
    }
}
