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
