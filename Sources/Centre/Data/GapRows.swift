import Store

/// The table `gap`: what is missing now, what is lost, and what was missing once.
enum GapRows {
    /// What was missing when it was last written, by stream.
    static func open(_ db: any SQLConnection) throws -> [Int64: [SequenceBook.Hole]] {
        try db.rows(
            "SELECT stream, first, last, noticed_at, asks, last_asked FROM gap WHERE outcome = 'open' ORDER BY stream, first"
        ).reduce(into: [:]) { gaps, row in
            guard let stream = row.integer(0), let first = row.integer(1), let last = row.integer(2), first <= last
            else { return }
            gaps[stream, default: []].append(
                SequenceBook.Hole(
                    span: first...last, noticed: row.real(3) ?? 0, asks: row.count(4), stirred: row.real(5)))
        }
    }

    /// Replaces what is missing. What was missing before, and neither is now nor is lost, has been filled.
    static func writeOpen(
        _ stream: Int64, _ holes: [SequenceBook.Hole], before: [SequenceBook.Hole], lost: [ClosedRange<Int64>],
        request: String?, _ db: any SQLConnection, at now: Double
    ) throws {
        try db.post("DELETE FROM gap WHERE stream = ? AND outcome = 'open'", [.integer(stream)])
        let others = holes.map(\.span) + lost
        for hole in before where !others.contains(where: hole.span.overlaps) {
            try db.post(
                """
                INSERT INTO gap (stream, first, last, noticed_at, asks, last_asked, request, outcome, ended_at) \
                VALUES (?, ?, ?, ?, ?, ?, NULL, 'filled', ?) ON CONFLICT DO NOTHING
                """,
                [
                    .integer(stream), .integer(hole.span.lowerBound), .integer(hole.span.upperBound),
                    .real(hole.noticed), .count(hole.asks), .maybe(hole.stirred), .real(now),
                ])
        }
        for hole in holes {
            try db.post(
                """
                INSERT INTO gap (stream, first, last, noticed_at, asks, last_asked, request, outcome, ended_at) \
                VALUES (?, ?, ?, ?, ?, ?, ?, 'open', NULL) ON CONFLICT (stream, first) DO UPDATE SET \
                last = excluded.last, asks = excluded.asks, last_asked = excluded.last_asked, \
                request = excluded.request, outcome = 'open', ended_at = NULL
                """,
                [
                    .integer(stream), .integer(hole.span.lowerBound), .integer(hole.span.upperBound),
                    .real(hole.noticed), .count(hole.asks), .maybe(hole.stirred), .maybe(request),
                ])
        }
    }

    /// Lost spans, with the dates of those that were known.
    static func writeLost(
        _ stream: Int64, _ lost: [ClosedRange<Int64>], _ db: any SQLConnection, at now: Double
    ) throws {
        let known = try db.rows(
            "SELECT first, last, noticed_at, ended_at FROM gap WHERE stream = ? AND outcome = 'lost'",
            [.integer(stream)])
        try db.post("DELETE FROM gap WHERE stream = ? AND outcome = 'lost'", [.integer(stream)])
        for span in lost {
            let old = known.first {
                ($0.integer(0) ?? 0) <= span.upperBound && ($0.integer(1) ?? 0) >= span.lowerBound
            }
            try db.post(
                """
                INSERT INTO gap (stream, first, last, noticed_at, asks, last_asked, request, outcome, ended_at) \
                VALUES (?, ?, ?, ?, 0, NULL, NULL, 'lost', ?) ON CONFLICT (stream, first) DO UPDATE SET \
                last = excluded.last, outcome = 'lost', ended_at = excluded.ended_at
                """,
                [
                    .integer(stream), .integer(span.lowerBound), .integer(span.upperBound),
                    .real(old?.real(2) ?? now), .real(old?.real(3) ?? now),
                ])
        }
    }
}
