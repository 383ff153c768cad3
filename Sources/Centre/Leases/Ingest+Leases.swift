import Logging
import Store

/// Sites that come and go.
extension Ingest {
    /// Takes leases or gives them back, and reads what is known of sites that have come.
    func renewLeases(_ state: inout IngestState, at date: Double) throws {
        let held = try leases.renew()
        let kept = held.session == state.held.session ? held.shares.intersection(state.held.shares) : []
        let gained = held.shares.subtracting(kept)
        // Nothing is counted by what another centre may have changed.
        if kept != state.held.shares { state.streams.keep { kept.contains(Leases.share(of: $0)) } }
        (state.held, state.held.shares) = (held, kept)
        guard !gained.isEmpty else { return }
        let rows = try store.read { db in
            guard db.session == held.session else { throw LeasesLost() }
            return try SiteStreams(db, at: date) { gained.contains(Leases.share(of: $0)) }
        }
        state.streams.add(rows)
        state.held = held
        state.unasked = Array(Set(state.unasked).union(rows.sites)).sorted()
        state.cameras = CameraCache()
        // What came before was not written here.
        state.reader.forget()
        guard leases.isShared else { return }
        for name in leases.strangers {
            logger.error(
                "a centre with another id uses this database, and some messages are nobody's: give each a database of its own",
                metadata: ["other": "\(name)"])
        }
        logger.notice(
            "sites are taken over",
            metadata: ["shares": "\(held.shares.count) of \(Leases.shares)", "known_sites": "\(rows.sites.count)"])
        gainedSites()
    }

    /// A transaction for sites that are ours: it leaves nothing where the leases are not those of its session.
    func leased<Result>(_ state: IngestState, _ body: (any SQLConnection) throws -> Result) throws -> Result {
        let session = state.held.session
        return try store.write { db in
            guard db.session == session else { throw LeasesLost() }
            return try body(db)
        }
    }
}
