public import Foundation
import Synchronization

/// Incidents that a review has ended, until the pipeline of their camera takes them.
public final class ReviewMailbox: Sendable {
    private let waiting = Mutex<[String: [UUID]]>([:])

    public init() {}

    public func post(_ incident: UUID, camera: String) {
        waiting.withLock { $0[camera, default: []].append(incident) }
    }

    public func take(camera: String) -> [UUID] { waiting.withLock { $0.removeValue(forKey: camera) ?? [] } }
}
