import Store

/// A site in one epoch of its store.
struct SiteRow: Sendable, Hashable {
    /// The number by which messages name both.
    let stream: Int64
    let id: String
    /// Empty where the site names none.
    let epoch: String
    var area: String
    /// The levels of its place, by which it takes commands.
    var place: String
    var software: String?
    /// `online`, `offline` or `lost`.
    var state: String?
    var stateAt: Double?
    /// When it was last heard of.
    var seen: Double
    var contiguous: Int64 = 0
    /// Of what has come.
    var highest: Int64 = 0
    /// What its state has named.
    var told: Int64 = 0
    /// Seconds by which its clock is ahead of ours.
    var clock: Double?

    static let columns = """
        stream, id, epoch, area12, place, software, state, state_at, seen_at, contiguous_to, highest_seen, highest_told, \
        clock
        """

    init(stream: Int64, id: String, epoch: String, area: String, place: String, seen: Double) {
        (self.stream, self.id, self.epoch, self.area, self.place, self.seen) = (stream, id, epoch, area, place, seen)
    }

    init(_ row: SQLRow) {
        (stream, id, epoch) = (row.integer(0) ?? 0, row.name(1), row.name(2))
        (area, place, software) = (row.name(3), row.name(4), row.text(5))
        (state, stateAt, seen) = (row.text(6), row.real(7), row.real(8) ?? 0)
        (contiguous, highest, told) = (row.integer(9) ?? 0, row.integer(10) ?? 0, row.integer(11) ?? 0)
        clock = row.real(12)
    }

    func write(_ db: any SQLConnection) throws {
        try db.post(
            """
            INSERT INTO site (\(Self.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
            ON CONFLICT (stream) DO UPDATE SET area12 = excluded.area12, place = excluded.place, \
            software = excluded.software, state = excluded.state, state_at = excluded.state_at, \
            seen_at = excluded.seen_at, contiguous_to = excluded.contiguous_to, highest_seen = excluded.highest_seen, \
            highest_told = excluded.highest_told, clock = excluded.clock
            """,
            [
                .integer(stream), .text(id), .text(epoch), .text(area), .text(place), .maybe(software), .maybe(state),
                .maybe(stateAt), .real(seen), .integer(contiguous), .integer(highest), .integer(told), .maybe(clock),
            ])
    }

    /// The book as it was kept with the row.
    func book(_ db: any SQLConnection, at now: Double) throws -> SequenceBook {
        let known = max(highest, told)
        let present =
            known == contiguous
            ? []
            : try db.rows(
                "SELECT sequence FROM message WHERE stream = ? AND sequence > ? ORDER BY sequence",
                [.integer(stream), .integer(contiguous)]
            ).compactMap { $0.integer(0) }
        return SequenceBook(
            contiguous: contiguous, highest: known, present: present, lost: try lost(db), noticed: now)
    }

    private func lost(_ db: any SQLConnection) throws -> [ClosedRange<Int64>] {
        try db.rows(
            "SELECT first, last FROM gap WHERE stream = ? AND outcome = 'lost' ORDER BY first", [.integer(stream)]
        ).compactMap { row in
            guard let first = row.integer(0), let last = row.integer(1), first <= last else { return nil }
            return first...last
        }
    }

    static func all(_ db: any SQLConnection) throws -> [SiteRow] {
        try db.rows("SELECT \(columns) FROM site ORDER BY id, seen_at").map(SiteRow.init)
    }
}
