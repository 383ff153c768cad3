import Store

/// The table `evidence`: pictures that messages name, and whether they have come.
enum EvidenceRows {
    static func named(_ record: AlertRecord, _ db: any SQLConnection) throws {
        for picture in record.pictures {
            try db.post(
                """
                INSERT INTO evidence (sha256, incident, role, taken, bytes, path, fetched_at) \
                VALUES (?, ?, ?, ?, ?, ?, NULL) ON CONFLICT (sha256, incident) DO UPDATE SET role = excluded.role, \
                taken = excluded.taken, bytes = excluded.bytes, path = excluded.path
                """,
                [
                    .text(picture.sha256), .text(record.incident), .text(picture.role), .real(picture.taken),
                    .count(picture.bytes), .maybe(picture.file),
                ])
        }
    }

    /// A picture has come, before or after the message that names it.
    static func came(
        _ sha256: String, incident: String, bytes: Int, _ db: any SQLConnection, at now: Double
    ) throws {
        let known = try db.execute(
            "UPDATE evidence SET fetched_at = ? WHERE sha256 = ?", [.real(now), .text(sha256)])
        guard known == 0 else { return }
        try db.post(
            """
            INSERT INTO evidence (sha256, incident, role, taken, bytes, path, fetched_at) VALUES (?, ?, '', ?, ?, NULL, ?)
            """, [.text(sha256), .text(incident), .real(now), .count(bytes), .real(now)])
    }
}

/// Names and coordinates of cameras, which come with each alert and are written where they change.
struct CameraCache {
    private struct Key: Hashable {
        let site: String
        let camera: String
    }

    private struct Place: Hashable {
        let area: String
        let grid: String
        let microgrid: String
        let name: String
        let longitude: Double?
        let latitude: Double?
    }

    private static let most = 300_000
    private var known: [Key: Place] = [:]
    private var changed: [Key: Place] = [:]

    mutating func see(_ record: AlertRecord, _ db: any SQLConnection) throws {
        let key = Key(site: record.site, camera: record.camera)
        let place = Place(
            area: record.area, grid: record.grid, microgrid: record.microgrid, name: record.cameraName,
            longitude: record.longitude, latitude: record.latitude)
        guard changed[key] ?? known[key] != place else { return }
        changed[key] = place
        try db.post(
            """
            INSERT INTO camera (site, id, area12, grid, microgrid, name, lon, lat) VALUES (?, ?, ?, ?, ?, ?, ?, ?) \
            ON CONFLICT (site, id) DO UPDATE SET area12 = excluded.area12, grid = excluded.grid, \
            microgrid = excluded.microgrid, name = excluded.name, lon = excluded.lon, lat = excluded.lat
            """,
            [
                .text(record.site), .text(record.camera), .text(record.area), .text(record.grid),
                .text(record.microgrid), .text(record.cameraName), .maybe(record.longitude), .maybe(record.latitude),
            ])
    }

    /// The transaction is written.
    mutating func adopt() {
        if known.count + changed.count > Self.most { known = [:] }
        known.merge(changed) { $1 }
        changed = [:]
    }
}
