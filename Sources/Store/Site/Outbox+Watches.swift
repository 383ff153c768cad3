public import Analytics
import Domain
public import Foundation
import GRDB

extension Outbox {
    /// Stores the watch checkpoint of a camera, so that its time continues after a restart; nil deletes it.
    ///
    /// - Parameter moment: now, on the camera's timeline.
    public func save(watch: WatchCheckpoint?, at moment: MomentOfRecord, camera: String) throws(OutboxError) {
        try Self.explaining("keep what is under way at camera \(camera)") {
            let data = try watch?.data()
            try pool.write { db in
                if let data {
                    try OutboxSchema.save(watch: data, camera: camera, db)
                } else {
                    // Including its presets.
                    try db.execute(
                        sql: "DELETE FROM watches WHERE camera = ? OR camera LIKE ? || '/%'",
                        arguments: [camera, camera])
                }
                try OutboxSchema.save(moment, camera: camera, db)
            }
        }
    }

    /// The stored watch checkpoint of a camera, for `WatchCheckpoint(data:)`; nil where there is none.
    public func watch(camera: String) throws(OutboxError) -> Data? {
        try Self.explaining("read what was under way at camera \(camera)") {
            try pool.read { db in
                try Data.fetchOne(db, sql: "SELECT data FROM watches WHERE camera = ?", arguments: [camera])
            }
        }
    }
}

extension Outbox {
    /// Stores the background checkpoint of a camera, so that its time continues after a restart; nil deletes it.
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

    /// The stored background checkpoint of a camera; nil where there is none, or this version cannot read it.
    public func ground(camera: String) throws(OutboxError) -> BackgroundCheckpoint? {
        try Self.explaining("read what lay on the ground at camera \(camera)") {
            let data = try pool.read { db in
                try Data.fetchOne(db, sql: "SELECT data FROM grounds WHERE camera = ?", arguments: [camera])
            }
            return data.flatMap(BackgroundCheckpoint.init(data:))
        }
    }
}

extension Outbox {
    /// Stores the view of a camera, so that a later run recognises it.
    public func save(_ view: ViewCheckpoint, camera: String) throws(OutboxError) {
        try Self.explaining("keep the view of camera \(camera)") {
            let data = try view.data()
            try pool.write { try OutboxSchema.save(view: data, camera: camera, $0) }
        }
    }

    /// The stored view of a camera, for `ViewCheckpoint(data:)`; nil where there is none.
    public func view(camera: String) throws(OutboxError) -> Data? {
        try Self.explaining("read the view of camera \(camera)") {
            try pool.read { db in
                try Data.fetchOne(db, sql: "SELECT data FROM views WHERE camera = ?", arguments: [camera])
            }
        }
    }
}
