public import Analytics
import Domain
import Foundation
import GRDB

extension Outbox {
    /// Keeps what lies on the ground at a camera, so that its time goes on after a restart; nil forgets it.
    ///
    /// - Parameter moment: now, on the camera's timeline.
    public func save(_ ground: BackgroundCheckpoint?, at moment: MomentOfRecord, camera: String) throws(OutboxError) {
        try Self.explaining("keep what lies on the ground at camera \(camera)") {
            let state = try ground.map { (time: $0.time.seconds, data: try $0.data()) }
            try pool.write { db in
                if let state {
                    try OutboxSchema.save(ground: state.data, at: state.time, camera: camera, db)
                } else {
                    try db.execute(sql: "DELETE FROM grounds WHERE camera = ?", arguments: [camera])
                }
                try OutboxSchema.save(moment, camera: camera, db)
            }
        }
    }

    /// What lay on the ground at a camera when it was last kept; nil where that was never, or cannot be read by this
    /// version.
    public func ground(camera: String) throws(OutboxError) -> BackgroundCheckpoint? {
        try Self.explaining("read what lay on the ground at camera \(camera)") {
            let data = try pool.read { db in
                try Data.fetchOne(db, sql: "SELECT data FROM grounds WHERE camera = ?", arguments: [camera])
            }
            return data.flatMap(BackgroundCheckpoint.init(data:))
        }
    }
}
