import Foundation
import GRDB

extension Outbox {
    /// For those who watch over the site, all of one moment.
    public func standing() throws(OutboxError) -> OutboxStanding {
        try Self.explaining("read how the outbox stands") {
            try pool.read { db in
                let oldest = try Double.fetchOne(
                    db, sql: "SELECT created FROM messages WHERE delivered_at IS NULL ORDER BY sequence LIMIT 1")
                let open = try Row.fetchAll(
                    db, sql: "SELECT camera, COUNT(*) AS open FROM incidents WHERE open GROUP BY camera")
                return OutboxStanding(
                    epoch: epoch, counts: try Self.counts(db),
                    oldestUndelivered: oldest.map(Date.init(timeIntervalSince1970:)),
                    openIncidents: Dictionary(uniqueKeysWithValues: open.map { ($0["camera"], $0["open"]) }),
                    tallies: try Self.tallies(db), evicted: try Self.evicted(db), damaged: damaged,
                    sinks: try Self.sinkReports(db))
            }
        }
    }
}
