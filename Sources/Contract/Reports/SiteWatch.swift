public import Foundation

/// Tracks which sites are online, and which are lost: those whose next report is overdue.
public struct SiteWatch: Sendable {
    public enum Standing: String, Sendable, Hashable {
        case online, offline
        /// It has not gone offline in an orderly way, and its reports have stopped.
        case lost
    }

    /// A change of a site's state.
    public struct Change: Sendable, Hashable {
        public let site: String
        public let standing: Standing
        /// The last sign of life, by the site's clock; nil from a last will.
        public let at: String?
    }

    private struct Site {
        var standing: Standing
        var at: String?
        /// By the watcher's clock.
        var deadline: Date?
    }

    /// Names come from anyone with permission to publish there.
    private static let mostSites = 100_000
    private var sites: [String: Site] = [:]

    public init() {}

    /// Processes a report.
    ///
    /// - Parameters:
    ///   - isRetained: the broker had stored it: its age follows from the two clocks. Otherwise it is new, and its
    ///     site's clock does not matter.
    ///   - now: the watcher's clock.
    public mutating func take(_ report: SiteReport, isRetained: Bool, at now: Date) -> Change? {
        let before = sites[report.site]?.standing
        guard before != nil || sites.count < Self.mostSites else { return nil }
        var site = Site(standing: report.state == .online ? .online : .offline, at: report.at ?? sites[report.site]?.at)
        // A site of a version before this key promises nothing.
        if report.state == .online, let next = report.nextAt.flatMap(RFC3339.date) {
            let start = isRetained ? nil : report.at.flatMap(RFC3339.date)
            site.deadline = (start.map { now.addingTimeInterval(next.timeIntervalSince($0)) } ?? next)
                .addingTimeInterval(SiteReport.grace)
            if let deadline = site.deadline, deadline < now { site.standing = .lost }
        }
        sites[report.site] = site
        return site.standing == before ? nil : Change(site: report.site, standing: site.standing, at: site.at)
    }

    /// The sites lost since the last call, in the order of their names.
    public mutating func overdue(at now: Date) -> [Change] {
        var changes: [Change] = []
        for (name, site) in sites where site.standing == .online {
            guard let deadline = site.deadline, deadline < now else { continue }
            sites[name]?.standing = .lost
            changes.append(Change(site: name, standing: .lost, at: site.at))
        }
        return changes.sorted { $0.site < $1.site }
    }
}
