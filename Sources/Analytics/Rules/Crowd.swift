/// More people in the zone than it should hold, for longer than allowed. Counts only.
public struct Crowd: Rule {
    private static let leastScore = 0.3
    private static let footprintShare = 0.5
    /// Looks with fewer people that end it: the detector misses some of a crowd in each look.
    private static let clearLooks = 3

    private struct Gathering: Sendable {
        var clock: DwellClock
        var since: MediaTime
        var lastSeen: MediaTime
        var cleared: (since: MediaTime, looks: Int)?
        var most: Int
        var stood = false
        var why: [Incident.Reason]
    }

    private let zone: Zone
    private let settings: CrowdSettings
    private var gathering: Gathering?
    private var number = 1

    public init(zone: Zone, settings: CrowdSettings) {
        self.zone = zone
        self.settings = settings
    }

    public mutating func evaluate(_ look: Observation) -> [Finding] {
        let time = look.scene.time
        let people = look.scene.detections.filter {
            $0.objectClass == .person && $0.score >= Self.leastScore
                && zone.polygon.share(of: $0.box.footprint) >= Self.footprintShare
        }
        let isForbidden = settings.windows.contains(look.scene.date)
        guard people.count >= settings.people else { return thin(at: time, people.count) }
        var gathering =
            self.gathering
            ?? Gathering(
                clock: DwellClock(since: time, look.scene, settings.windows, isForbidden: isForbidden), since: time,
                lastSeen: time, most: people.count, why: [.init(at: time, what: "\(people.count) people in the zone")])
        gathering.lastSeen = time
        gathering.cleared = nil
        gathering.most = max(gathering.most, people.count)
        _ = gathering.clock.judge(isForbidden: isForbidden, at: time)
        let dwell = time - gathering.clock.counts
        if !gathering.stood, isForbidden, dwell >= settings.dwell {
            gathering.stood = true
            gathering.why.append(
                .init(
                    at: time,
                    what: "\(settings.people) people and more for \(Int(dwell)) s, \(gathering.most) at most"))
        }
        self.gathering = gathering
        let score = people.map(\.score).reduce(0, +) / Double(people.count)
        return [finding(gathering, gathering.stood ? .standing : .pending, count: people.count, score)]
    }

    private mutating func thin(at time: MediaTime, _ count: Int) -> [Finding] {
        guard var gathering else { return [] }
        let cleared = (since: gathering.cleared?.since ?? time, looks: (gathering.cleared?.looks ?? 0) + 1)
        gathering.cleared = cleared
        self.gathering = gathering
        guard cleared.looks >= Self.clearLooks else {
            return [finding(gathering, gathering.stood ? .hidden : .pending, count: count, 0)]
        }
        gathering.why.append(.init(at: cleared.since, what: "fewer than \(settings.people) people"))
        let ended = finding(gathering, .ended(at: cleared.since), count: count, 0)
        self.gathering = nil
        number += 1
        return [ended]
    }

    private func finding(_ gathering: Gathering, _ phase: Finding.Phase, count: Int, _ score: Double) -> Finding {
        Finding(
            kind: .crowd, zone: zone.id, place: number, phase: phase, firstSeen: gathering.clock.counts,
            lastSeen: gathering.lastSeen, threshold: settings.dwell,
            object: .init(
                objectClass: .crowd, count: max(1, gathering.most), confidence: min(1, max(0, score)),
                box: zone.polygon.bounds),
            why: gathering.why)
    }
}
