package import Analytics
package import Domain

/// When what lies on the ground is kept anew: at each change of the things there and of smoke over them, when something
/// begins to lie there, else seldom, which spares memory cards.
package struct GroundKeeping {
    /// Seconds between two writes while nothing changes, with and without anything there.
    private static let every = (lying: 300.0, bare: 3600.0)
    /// The least time between two writes because something begins to lie there.
    private static let least = 10.0

    private struct Thing: Equatable {
        let id: Int
        let since: MediaTime
        let identity: LeftObject.Identity
    }

    private var kept: (things: [Thing], drifting: [Int], isBare: Bool, at: MediaTime)?

    /// - Parameters:
    ///   - lying: all that lies there or may.
    ///   - drifting: the numbers of plumes.
    package mutating func isDue(_ lying: [LeftObject], _ drifting: [Int], at time: MediaTime) -> Bool {
        let isBare = lying.isEmpty && drifting.isEmpty
        let things = lying.filter(\.isThing).map { Thing(id: $0.id, since: $0.since, identity: $0.identity) }
            .sorted { $0.id < $1.id }
        if let kept {
            let hasChanged = things != kept.things || drifting != kept.drifting
            let begins = kept.isBare && !isBare && time - kept.at >= Self.least
            let every = isBare ? Self.every.bare : Self.every.lying
            guard hasChanged || begins || time - kept.at >= every else { return false }
        }
        kept = (things, drifting, isBare, time)
        return true
    }
}
