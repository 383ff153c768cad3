import Analytics
package import Inference
package import Logging
import Synchronization

/// The shared classifier of places, loaded when the first rule needs it, at the start or at a reload; without it alerts
/// have a shorter explanation.
package final class SharedClassifier: Sendable {
    private let folder: String
    private let logger: Logger
    /// Nil before the first attempt to load it.
    private let known = Mutex<ExplanationClassifier??>(nil)

    /// - Parameter folder: of the prepared models.
    package init(folder: String, logger: Logger) {
        self.folder = folder
        self.logger = logger
    }

    /// Nil where no rule of these zones needs it, or where it cannot be loaded, which is logged once.
    package func classifier(for zones: [WatchedZone]) -> ExplanationClassifier? {
        guard zones.contains(where: { $0.rules.kinds.contains { Rules[$0]?.looks != nil } }) else { return nil }
        return known.withLock { known in
            if let known { return known }
            let read: ExplanationClassifier?
            do { read = try ExplanationClassifier(folder: folder) } catch {
                logger.warning("alerts will not say what a place looks like", metadata: ["error": "\(error)"])
                read = nil
            }
            known = .some(read)
            return read
        }
    }
}
