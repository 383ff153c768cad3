public import Domain

extension AlertKind {
    public static let crowd = AlertKind(rawValue: "safety.crowd")
}

extension RuleDescriptor {
    static let crowd = RuleDescriptor(
        [.crowd], fields: [.dwell, .windows, .timeZone, .holidays, .people], grace: .long
    ) { _ in
        CrowdSettings()
    } make: {
        Crowd(zone: $2.zone, settings: $1)
    }
}

/// More people in the zone than it should hold, for longer than allowed. Counts only.
public struct Crowd: RememberingRule {
    private static let leastScore = 0.3
    private static let footprintShare = 0.5
    struct Checkpoint: Codable {
        let gathering: LastingCondition
        let most: Int
        let number: Int
    }

    let zone: Zone
    private let settings: CrowdSettings
    private var gathering: LastingCondition?
    /// The largest number of people so far.
    private var most = 0
    private var number = 1

    public init(zone: Zone, settings: CrowdSettings) {
        self.zone = zone
        self.settings = settings
    }

    var kind: AlertKind { .crowd }
    var checkpoint: Checkpoint? { gathering.map { Checkpoint(gathering: $0, most: most, number: number) } }
    mutating func restore(_ checkpoint: Checkpoint, after gap: Double) {
        guard gap <= Self.longestGap else { return }
        var gathering = checkpoint.gathering
        gathering.resume(after: gap)
        (self.gathering, most, number) = (gathering, checkpoint.most, checkpoint.number)
    }

    public mutating func evaluate(_ look: Observation) -> [Finding] {
        let time = look.scene.time
        let people = look.scene.detections.filter {
            $0.objectClass == .person && $0.score >= Self.leastScore
                && zone.polygon.share(of: $0.box.footprint) >= Self.footprintShare
        }
        guard people.count >= settings.people else { return thin(at: time) }
        var gathering =
            self.gathering
            ?? LastingCondition(
                look.scene, settings.windows, "\(people.count) people in the zone", zh: "区域内有 \(people.count) 人")
        most = max(most, people.count)
        if let dwell = gathering.lasts(look.scene, settings.windows, dwell: settings.dwell) {
            gathering.why.append(
                .init(
                    at: time, what: "\(settings.people) people and more for \(Int(dwell)) s, \(most) at most",
                    zh: "\(settings.people) 人及以上持续 \(Int(dwell)) 秒，最多 \(most) 人"))
        }
        self.gathering = gathering
        let score = people.map(\.score).reduce(0, +) / Double(people.count)
        return [finding(gathering, gathering.phase, score)]
    }

    private mutating func thin(at time: MediaTime) -> [Finding] {
        guard var gathering else { return [] }
        let end = gathering.rests(at: time)
        self.gathering = gathering
        guard let end else { return [finding(gathering, gathering.unseenPhase, 0)] }
        gathering.why.append(
            .init(at: end, what: "fewer than \(settings.people) people", zh: "不足 \(settings.people) 人"))
        let ended = finding(gathering, .ended(at: end), 0)
        self.gathering = nil
        most = 0
        number += 1
        return [ended]
    }

    private func finding(_ gathering: LastingCondition, _ phase: Finding.Phase, _ score: Double) -> Finding {
        Finding(
            kind: .crowd, zone: zone.id, place: number, phase: phase, firstSeen: gathering.counts,
            lastSeen: gathering.lastSeen, threshold: settings.dwell,
            object: .init(
                objectClass: .crowd, count: max(1, most), confidence: min(1, max(0, score)),
                box: zone.polygon.bounds),
            why: gathering.why)
    }
}

/// How a zone is watched for too many people. They are counted, never identified.
public struct CrowdSettings: TimedRuleSettings {
    /// Seconds for which this number of people is tolerated.
    public var dwell: Double
    public var windows: TimeWindows
    /// The number of people from which it is a crowd.
    public var people: Int

    public init(dwell: Double = 120, windows: TimeWindows = .always, people: Int = 20) {
        self.dwell = dwell
        self.windows = windows
        self.people = people
    }
}

extension RuleField<CrowdSettings> {
    static var people: Self {
        .integer("people", 2...500, \.people, en: "so many and more are a crowd", zh: "达到该人数即视为聚集")
    }
}
