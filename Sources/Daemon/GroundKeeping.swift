import Analytics

/// When what lies on the ground is kept anew: at each change of the things there, else seldom, which spares memory cards.
struct GroundKeeping {
    /// Seconds between two writes while nothing changes.
    private static let every = 300.0

    private struct Thing: Equatable {
        let id: Int
        let since: MediaTime
        let identity: LeftObject.Identity
    }

    private var kept: (things: [Thing], isEmpty: Bool, at: MediaTime)?

    /// - Parameter lying: all that lies there or may.
    mutating func isDue(_ lying: [LeftObject], at time: MediaTime) -> Bool {
        let things = lying.filter(\.isThing).map { Thing(id: $0.id, since: $0.since, identity: $0.identity) }
            .sorted { $0.id < $1.id }
        if let kept {
            let hasChanged = things != kept.things || lying.isEmpty && !kept.isEmpty
            guard hasChanged || !lying.isEmpty && time - kept.at >= Self.every else { return false }
        }
        kept = (things, lying.isEmpty, time)
        return true
    }
}
