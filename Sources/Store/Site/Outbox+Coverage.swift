import GRDB

/// What the page of health draws: by quarter of an hour, how long each camera saw, and how many messages waited.
extension Outbox {
    /// What happened to a camera in a quarter of an hour, in seconds. Quarters count from 1970.
    package struct CoverageQuarter: Sendable, Hashable {
        package let camera: String
        package let quarter: Int
        package let saw: Double
        package let blind: Double
        package let offline: Double

        package init(camera: String, quarter: Int, saw: Double, blind: Double, offline: Double) {
            (self.camera, self.quarter) = (camera, quarter)
            (self.saw, self.blind, self.offline) = (saw, blind, offline)
        }
    }

    /// How many messages waited at most in a quarter of an hour, and how long any did, in seconds.
    package struct BacklogQuarter: Sendable, Hashable {
        package let quarter: Int
        package let most: Int
        package let seconds: Double

        package init(quarter: Int, most: Int, seconds: Double) {
            (self.quarter, self.most, self.seconds) = (quarter, most, seconds)
        }
    }

    /// Adds to what is kept, and deletes the quarters outside of a range: the tables hold a row a camera and quarter.
    package func add(
        _ coverage: [CoverageQuarter], _ backlog: [BacklogQuarter], keeping range: ClosedRange<Int>
    ) throws(OutboxError) {
        try Self.explaining("write how long cameras saw") {
            try pool.write { db in
                for row in coverage {
                    try db.execute(
                        sql: """
                            INSERT INTO coverage VALUES (?, ?, ?, ?, ?) ON CONFLICT (camera, quarter) DO UPDATE SET \
                            saw = saw + excluded.saw, blind = blind + excluded.blind, offline = offline + excluded.offline
                            """, arguments: [row.camera, row.quarter, row.saw, row.blind, row.offline])
                }
                for row in backlog {
                    try db.execute(
                        sql: """
                            INSERT INTO backlog VALUES (?, ?, ?) ON CONFLICT (quarter) DO UPDATE SET \
                            most = MAX(most, excluded.most), seconds = seconds + excluded.seconds
                            """, arguments: [row.quarter, row.most, row.seconds])
                }
                for table in ["coverage", "backlog"] {
                    try db.execute(
                        sql: "DELETE FROM \(table) WHERE quarter NOT BETWEEN ? AND ?",
                        arguments: [range.lowerBound, range.upperBound])
                }
            }
        }
    }

    /// What is kept of these quarters, in no order.
    package func coverage(
        _ range: ClosedRange<Int>
    ) throws(OutboxError) -> (coverage: [CoverageQuarter], backlog: [BacklogQuarter]) {
        try Self.explaining("read how long cameras saw") {
            try pool.read { db in
                let arguments: StatementArguments = [range.lowerBound, range.upperBound]
                let coverage = try Row.fetchAll(
                    db, sql: "SELECT * FROM coverage WHERE quarter BETWEEN ? AND ?", arguments: arguments)
                let backlog = try Row.fetchAll(
                    db, sql: "SELECT * FROM backlog WHERE quarter BETWEEN ? AND ?", arguments: arguments)
                return (
                    coverage.map {
                        CoverageQuarter(
                            camera: $0["camera"], quarter: $0["quarter"], saw: $0["saw"], blind: $0["blind"],
                            offline: $0["offline"])
                    },
                    backlog.map { BacklogQuarter(quarter: $0["quarter"], most: $0["most"], seconds: $0["seconds"]) }
                )
            }
        }
    }

    /// How many messages wait for the broker.
    package func undelivered() throws(OutboxError) -> Int {
        try Self.explaining("count messages") {
            try pool.read { db in
                try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM messages WHERE delivered_at IS NULL") ?? 0
            }
        }
    }
}
