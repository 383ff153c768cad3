package import Analytics
package import Domain

/// When the watch checkpoint is due: at each change of stationary objects and findings, periodically while there are
/// any, so that a restart knows their age, and rarely otherwise, which spares memory cards.
package struct WatchKeeping {
    /// Seconds between two writes without a change, with and without anything in progress.
    private static let every = (busy: 30.0, idle: 300.0)

    private struct Matter: Equatable {
        let kind: AlertKind
        let zone: String
        let place: Int
        let isPending: Bool
    }

    private var kept: (standing: [Int], matters: [Matter], at: MediaTime)?

    /// - Parameters:
    ///   - standing: the ids of stationary objects.
    ///   - findings: of the newest look.
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

/// When the background checkpoint is due: at each change of the objects on the ground and of smoke, when a candidate
/// appears, and rarely otherwise, which spares memory cards.
package struct BackgroundKeeping {
    /// Seconds between two writes without a change, with and without objects on the ground.
    private static let every = (lying: 300.0, bare: 3600.0)
    /// Least seconds between two writes because of a new candidate.
    private static let least = 10.0

    private struct Thing: Equatable {
        let id: Int
        let since: MediaTime
        let identity: LeftObject.Identity
    }

    private var kept: (things: [Thing], drifting: [Int], isBare: Bool, at: MediaTime)?

    /// - Parameters:
    ///   - lying: objects and candidates on the ground.
    ///   - drifting: the ids of plumes.
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

/// When the view checkpoint is due: once the view is known, and periodically, since light and seasons change it.
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
