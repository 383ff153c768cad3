import Domain

/// Compares the alerts of one clip with its truth. The rules are in the footage's own description: with a dwell of N
/// seconds an event is expected if and only if it lasts longer than N; an alert matches it when it was opened within
/// [start + N − 1 s, start + N + 5 s + one look] with IoU ≥ 0.3.
struct Score {
    /// The final state of an incident, and the seconds from the look before its opening to the one that opened it.
    struct Alert {
        var incident: Incident
        let wait: Double
    }

    private(set) var matched = 0
    private(set) var missed = 0
    private(set) var wrong = 0
    private(set) var duplicate = 0
    /// Seconds from start + N to the opening, of each match.
    private(set) var openingDelays: [Double] = []
    /// Seconds from the event's end to the closing, of each match that was closed.
    private(set) var closingDelays: [Double] = []

    private static let overlap = 0.3

    /// - Parameters:
    ///   - dwell: the threshold of each kind, in seconds.
    ///   - longestLook: the longest tolerated time between two looks, in seconds: a gap in the footage excuses no more.
    ///   - kinds: the only watched kinds; events of other kinds are not expected. Nil: all are, also of kinds that no
    ///     zone is watched for.
    init(alerts: [Alert], truth: Truth, dwell: (AlertKind) -> Double, longestLook: Double, kinds: Set<AlertKind>? = nil)
    {
        let events = truth.events.filter { kinds?.contains(AlertKind(rawValue: $0.kind)) ?? true }
        // Indices: ids are chosen by the author, and may occur twice.
        var found = Set<Int>()
        for (alert, wait) in alerts.map({ ($0.incident, $0.wait) }) {
            let look = max(0, min(wait, longestLook))
            let dwell = dwell(alert.kind)
            let same = events.indices.filter {
                events[$0].kind == alert.kind.rawValue && events[$0].end - events[$0].start > dwell
                    && truth.box(events[$0]).iou(alert.object.box) >= Self.overlap
            }
            let opened = alert.confirmed.seconds
            let match = same.first {
                let due = events[$0].start + dwell
                return opened >= due - 1 && opened <= due + 5 + look && !found.contains($0)
            }
            if let match {
                found.insert(match)
                openingDelays.append(opened - events[match].start - dwell)
                if let closed = alert.closed { closingDelays.append(closed.seconds - events[match].end) }
            } else if same.contains(where: { found.contains($0) && opened <= events[$0].end + look }) {
                duplicate += 1
            } else {
                wrong += 1
            }
        }
        matched = found.count
        missed = events.count { $0.end - $0.start > dwell(AlertKind(rawValue: $0.kind)) } - matched
    }

    /// Nearest-rank percentile of `values`; nil where there are none.
    static func percentile(_ share: Double, of values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        let rank = Int((share * Double(values.count)).rounded(.up))
        return values.sorted()[min(max(1, rank), values.count) - 1]
    }
}
