package import Analytics
package import Domain

/// When what is under way is kept anew: at each change of what stands and of what the rules speak of, now and then while
/// there is something, so that a restart knows how old it is, and seldom else, which spares memory cards.
package struct WatchKeeping {
    /// Seconds between two writes while nothing changes, with and without anything under way.
    private static let every = (busy: 30.0, idle: 300.0)

    private struct Matter: Equatable {
        let kind: AlertKind
        let zone: String
        let place: Int
        let isPending: Bool
    }

    private var kept: (standing: [Int], matters: [Matter], at: MediaTime)?

    /// - Parameters:
    ///   - standing: the numbers of what stands still.
    ///   - findings: what the rules said of the newest look.
    package mutating func isDue(_ standing: [Int], _ findings: [Finding], at time: MediaTime) -> Bool {
        let matters = findings.compactMap { finding -> Matter? in
            if case .ended = finding.phase { return nil }
            return Matter(
                kind: finding.kind, zone: finding.zone, place: finding.place, isPending: finding.phase == .pending)
        }
        if let kept, kept.standing == standing, kept.matters == matters {
            let every = standing.isEmpty && matters.isEmpty ? Self.every.idle : Self.every.busy
            guard time - kept.at >= every else { return false }
        }
        kept = (standing, matters, time)
        return true
    }
}

/// When what lies on the ground is kept anew: at each change of the things there and of smoke over them, when something
/// begins to lie there, else seldom, which spares memory cards.
package struct BackgroundKeeping {
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

/// When the view of a camera is kept anew: once it is known, and now and then, for light and seasons change it.
package struct ViewKeeping {
    /// Seconds; about 12 kB each time.
    private static let every = 3600.0

    private var kept: MediaTime?

    package mutating func isDue(at time: MediaTime) -> Bool {
        if let kept, time - kept < Self.every { return false }
        kept = time
        return true
    }
}
