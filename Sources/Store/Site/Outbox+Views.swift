public import Analytics
public import Foundation
import GRDB

extension Outbox {
    /// Keeps the view of a camera, so that a later run recognises it.
    public func save(_ view: ViewCheckpoint, camera: String) throws(OutboxError) {
        try Self.explaining("keep the view of camera \(camera)") {
            let data = try view.data()
            try pool.write { try OutboxSchema.save(view: data, camera: camera, $0) }
        }
    }

    /// The view of a camera when it was last kept, for `ViewCheckpoint(data:)`; nil where that was never.
    public func view(camera: String) throws(OutboxError) -> Data? {
        try Self.explaining("read the view of camera \(camera)") {
            try pool.read { db in
                try Data.fetchOne(db, sql: "SELECT data FROM views WHERE camera = ?", arguments: [camera])
            }
        }
    }
}
