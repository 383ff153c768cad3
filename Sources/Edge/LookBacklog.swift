import Domain
import Foundation
import Logging
import Pipeline
import Store
import Synchronization

/// The looks that wait for the disk, in their order, and why it takes nothing.
///
/// It knows no bound: a disk that is full delays alerts, and loses none while the process lives.
final class LookBacklog: Sendable {
    /// A look that waits. Its views are in the queue of pictures.
    struct Waiting: Sendable {
        var look: IncidentWriter.Look
        let admissions: [EvidenceQueue.Admission]
        /// In use when it was posted.
        let edition: IncidentWriter.Edition
    }

    /// Why the disk takes nothing.
    struct Refusal: Sendable {
        let since: Date
        let reason: String
    }

    private let waiting = Mutex<[Waiting]>([])
    private let refused = Mutex<Refusal?>(nil)
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// Changes of incidents.
    var changes: Int { waiting.withLock { $0.reduce(0) { $0 + $1.look.entries.count } } }
    var looks: Int { waiting.withLock(\.count) }
    /// Nil while the disk takes what it is given.
    var refusal: Refusal? { refused.withLock(\.self) }

    /// The newest state of each incident of a camera.
    func incidents(camera: String) -> [Incident] {
        let incidents = waiting.withLock { $0.flatMap(\.look.entries).map(\.change.incident) }
            .filter { $0.camera == camera }
        return Array(Dictionary(incidents.map { ($0.id, $0) }) { _, newer in newer }.values)
    }

    /// Puts a look in line. Waits for nothing.
    func append(_ next: Waiting) {
        let look = next.look
        waiting.withLock { waiting in
            // While the disk takes nothing, one checkpoint a camera is enough.
            if look.entries.isEmpty, look.released.isEmpty, let checkpoint = look.checkpoint,
                let index = waiting.lastIndex(where: {
                    $0.look.camera == look.camera && $0.look.checkpoint?.preset == checkpoint.preset
                }),
                waiting[index].look.entries.isEmpty, let older = waiting[index].look.checkpoint
            {
                waiting[index].look.checkpoint = LookCommit.Checkpoint(
                    preset: checkpoint.preset, watch: checkpoint.watch ?? older.watch,
                    ground: checkpoint.ground ?? older.ground,
                    view: checkpoint.view ?? older.view, moment: checkpoint.moment)
            } else {
                waiting.append(next)
            }
        }
    }

    /// Writes what waits, in order, as far as it goes; what could not be written stays the first. One call at a time.
    func drain(_ write: (Waiting) throws -> Void) {
        while let next = waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
            do {
                try write(next)
                if refused.withLock({ $0.take() }) != nil { logger.notice("the disk takes incidents again") }
            } catch {
                waiting.withLock { $0.insert(next, at: 0) }
                let isNews = refused.withLock { refusal in
                    defer { refusal = Refusal(since: refusal?.since ?? Date(), reason: "\(error)") }
                    return refusal?.reason != "\(error)"
                }
                guard isNews else { return }
                logger.error(
                    "could not write a look, it is kept and tried again",
                    metadata: ["error": "\(error)", "camera": "\(next.look.camera)", "waiting": "\(changes)"])
                return
            }
        }
    }
}
