import Foundation
import Synchronization

/// Ids that are the same in every run.
final class SequentialIDs: Sendable {
    private let count = Atomic<UInt64>(0)

    func next() -> UUID {
        let value = count.add(1, ordering: .relaxed).newValue
        return withUnsafeBytes(of: value.bigEndian) { b in
            UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]))
        }
    }
}
