import Analytics
import Bench
import Contract
import Domain
import Foundation
import Glibc
import Inference
import Store

/// The transaction of a look, in a database of its own, against writing as many bytes and nothing else.
///
/// Here and not in `Bench`, which does not know the store.
final class CommitWork {
    /// What the disk did not take.
    private struct Refused: Error, CustomStringConvertible {
        let description: String

        init(_ operation: String, _ path: String) {
            description =
                "could not \(operation) \(path): \(String(cString: strerror(errno))); name a folder with --disk that can be "
                + "written"
        }
    }

    /// Looks by which is known how much one writes.
    private static let trials = 6
    /// Of the reference: then it begins anew at the start, as the database's own log does.
    private static let fileBytes = 4 << 20

    private let folder: URL
    private let outbox: Outbox
    private let envelope: IncidentEnvelope
    private let topics = AlertTopics()
    private let watch: WatchCheckpoint
    private var incident: Incident
    private var looks = 0
    private let descriptor: Int32
    private var bytes: [UInt8] = []
    private var offset = 0

    /// - Parameters:
    ///   - folder: is there; the database is made in a new folder in it.
    ///   - watch: the state that is written with each look.
    static func stage(in folder: String, watch: WatchCheckpoint, model: DetectionModel) throws -> Stage {
        let work = try CommitWork(in: folder, watch: watch, model: model)
        return Stage(
            "commit",
            operation: "the transaction of a look in which an incident opens or ends: state, message and checkpoint, "
                + "below \(folder)",
            reference: "appending the \(work.bytes.count / 1024) KiB that it writes, and fsync, in the same folder",
            rhythm: .aside, clock: .wall, work: { try work.commit() }, refer: { try work.append() })
    }

    private init(in disk: String, watch: WatchCheckpoint, model: DetectionModel) throws {
        let folder = URL(filePath: disk).appending(path: "gridwarden-bench-\(UUID().uuidString)")
        self.folder = folder
        self.watch = watch
        guard mkdir(folder.path, 0o700) == 0 else { throw Refused("make", folder.path) }
        var isMade = false
        defer { if !isMade { try? FileManager.default.removeItem(at: folder) } }
        let place = GridLocation(area: try AreaCode("320583102201"))
        let catalogue = try Catalogue.builtIn()
        guard let entry = catalogue[.illegalParking] else { throw CocoaError(.coderValueNotFound) }
        incident = Self.opened(1)
        outbox = try Outbox(file: folder.appending(path: "outbox.sqlite"))
        envelope = IncidentEnvelope(
            incident: incident,
            site: SiteIdentity(
                id: "bench", place: place, software: Gridwarden.version,
                configurationSHA256: String(repeating: "0", count: 64), catalogue: catalogue.version,
                model: .init(name: model.name, version: model.version, sha256: model.sha256)),
            camera: CameraIdentity(id: "cam-01", name: "bench", place: place, timeZone: .gmt),
            zone: ZoneIdentity(id: "all", name: "bench", surface: .carriageway), entry: entry, epoch: outbox.epoch
        ) { Date(timeIntervalSince1970: 1_795_480_000 + $0.seconds) }
        let path = folder.appending(path: "reference").path
        descriptor = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Refused("make", path) }
        isMade = true
        bytes = [UInt8](repeating: 1, count: try bytesOfLook())
    }

    deinit {
        close(descriptor)
        try? FileManager.default.removeItem(at: folder)
    }

    /// What one look adds to the database's log.
    private func bytesOfLook() throws -> Int {
        let log = folder.appending(path: "outbox.sqlite-wal").path
        func size() -> Int {
            var status = stat()
            return stat(log, &status) == 0 ? Int(status.st_size) : 0
        }
        var most = 4096
        for _ in 0..<Self.trials {
            let before = size()
            try commit()
            most = max(most, size() - before)
        }
        return most
    }

    private static func opened(_ look: Int) -> Incident {
        let time = MediaTime(Double(look))
        return Incident(
            id: UUIDv7.make(), kind: .illegalParking, camera: "cam-01", zone: "all", firstSeen: time, confirmed: time,
            lastSeen: time, threshold: 300,
            object: .init(objectClass: .car, confidence: 0.8, box: Box(x: 0.4, y: 0.4, width: 0.1, height: 0.1)),
            why: [.init(at: time, what: "a car stands in the zone for longer than 300 s", score: 0.8)])
    }

    /// By turns an incident opens and the same one ends, so that few are open.
    private func commit() throws {
        looks += 1
        let time = MediaTime(Double(looks))
        if looks.isMultiple(of: 2) {
            incident.revision += 1
            incident.state = .closed
            incident.closeReason = .cleared
            incident.lastSeen = time
            incident.closed = time
        } else {
            incident = Self.opened(looks)
        }
        let change = LookCommit.Change(incident: incident) { [envelope, topics] incident, sequence in
            var envelope = envelope
            envelope.incident = incident
            return try envelope.message(sequence: sequence, topics: topics)
        }
        try outbox.commit(
            LookCommit(
                camera: "cam-01", changes: [change], checkpoint: .init(watch: watch, moment: MomentOfRecord(time))))
    }

    private func append() throws {
        if offset + bytes.count > Self.fileBytes { offset = 0 }
        guard pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count, fsync(descriptor) == 0 else {
            throw Refused("write to", folder.appending(path: "reference").path)
        }
        offset += bytes.count
    }
}
