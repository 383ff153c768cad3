public import Analytics
public import Foundation
import GRDB

extension Outbox {
    /// Keeps what is under way at a camera, so that its time goes on after a restart; nil forgets it.
    ///
    /// - Parameter moment: now, on the camera's timeline.
    public func save(watch: WatchCheckpoint?, at moment: MomentOfRecord, camera: String) throws(OutboxError) {
        try Self.explaining("keep what is under way at camera \(camera)") {
            let data = try watch?.data()
            try pool.write { db in
                if let data {
                    try OutboxSchema.save(watch: data, camera: camera, db)
                } else {
                    // With its presets.
                    try db.execute(
                        sql: "DELETE FROM watches WHERE camera = ? OR camera LIKE ? || '/%'",
                        arguments: [camera, camera])
                }
                try OutboxSchema.save(moment, camera: camera, db)
            }
        }
    }

    /// What was under way at a camera when it was last kept, for `WatchCheckpoint(data:)`; nil where that was never.
    public func watch(camera: String) throws(OutboxError) -> Data? {
        try Self.explaining("read what was under way at camera \(camera)") {
            try pool.read { db in
                try Data.fetchOne(db, sql: "SELECT data FROM watches WHERE camera = ?", arguments: [camera])
            }
        }
    }
}
