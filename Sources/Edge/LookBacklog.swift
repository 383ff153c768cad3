import Domain
import Foundation
import Logging
import Pipeline
import Store
import Synchronization

/// The looks that wait to be written, in their order, and the current write failure.
///
/// Unbounded: a full disk delays alerts, and loses none while the process lives.
final class LookBacklog: Sendable {
    /// A look that waits. Its views are in the evidence queue.
    struct PendingLook: Sendable {
        var look: IncidentWriter.Look
        let admissions: [EvidenceQueue.Admission]
        /// In use when it was posted.
        let edition: IncidentWriter.Edition
    }

    /// Why writes fail.
    struct WriteFailure: Sendable {
        let since: Date
        let reason: String
    }

    private let waiting = Mutex<[PendingLook]>([])
    private let lastFailure = Mutex<WriteFailure?>(nil)
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// Changes of incidents.
    var changes: Int { waiting.withLock { $0.reduce(0) { $0 + $1.look.entries.count } } }
    var looks: Int { waiting.withLock(\.count) }
    /// Nil while the disk accepts writes.
    var failure: WriteFailure? { lastFailure.withLock(\.self) }

    /// The newest state of each incident of a camera.
    func incidents(camera: String) -> [Incident] {
        let incidents = waiting.withLock { $0.flatMap(\.look.entries).map(\.change.incident) }
            .filter { $0.camera == camera }
        return Array(Dictionary(incidents.map { ($0.id, $0) }) { _, newer in newer }.values)
    }

    /// Appends a look. Does not wait.
    func append(_ next: PendingLook) {
        let look = next.look
        waiting.withLock { waiting in
            // While writes fail, one checkpoint a camera is enough.
            if look.entries.isEmpty, look.unsuppressed.isEmpty, let checkpoint = look.checkpoint,
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

    /// Writes the queue in order, as far as possible; a look that fails remains the first. One call at a time.
    func drain(_ write: (PendingLook) throws -> Void) {
        while let next = waiting.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
            do {
                try write(next)
                if lastFailure.withLock({ $0.take() }) != nil { logger.notice("the disk takes incidents again") }
            } catch {
                waiting.withLock { $0.insert(next, at: 0) }
                let isNews = lastFailure.withLock { failure in
                    defer { failure = WriteFailure(since: failure?.since ?? Date(), reason: "\(error)") }
                    return failure?.reason != "\(error)"
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
