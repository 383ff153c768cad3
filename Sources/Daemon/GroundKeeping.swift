import Analytics

/// When what lies on the ground is kept anew: at each change of the things there and of smoke over them, else seldom, which spares memory cards.
struct GroundKeeping {
    /// Seconds between two writes while nothing changes.
    private static let every = 300.0

    private struct Thing: Equatable {
        let id: Int
        let since: MediaTime
        let identity: LeftObject.Identity
    }

    private var kept: (things: [Thing], drifting: [Int], isEmpty: Bool, at: MediaTime)?

    /// - Parameters:
    ///   - lying: all that lies there or may.
    ///   - drifting: the numbers of plumes.
    mutating func isDue(_ lying: [LeftObject], _ drifting: [Int], at time: MediaTime) -> Bool {
        let isEmpty = lying.isEmpty && drifting.isEmpty
        let things = lying.filter(\.isThing).map { Thing(id: $0.id, since: $0.since, identity: $0.identity) }
            .sorted { $0.id < $1.id }
        if let kept {
            let hasChanged = things != kept.things || drifting != kept.drifting || isEmpty && !kept.isEmpty
            guard hasChanged || !isEmpty && time - kept.at >= Self.every else { return false }
        }
        kept = (things, drifting, isEmpty, time)
        return true
    }
}
