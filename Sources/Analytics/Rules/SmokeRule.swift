public import Domain

extension AlertKind {
    public static let burning = AlertKind(rawValue: "env.burning")
    public static let smokeAndFire = AlertKind(rawValue: "safety.smoke_fire")
}

extension RuleDescriptor {
    /// Smoke is reported immediately or not at all, and has no firm outline.
    static let smoke = RuleDescriptor(
        [.burning, .smokeAndFire], fields: [.dwell], needs: .smoke, sameness: 0.3, grace: .long, looks: "smoke",
        trialDwell: 10
    ) { _ in
        SmokeSettings()
    } make: {
        SmokeRule(kind: $0, zone: $2.zone, dwell: $1.dwell)
    }
}

/// Smoke that rises in the zone, or flames: open burning, or a fire. Experimental.
///
/// Smoke and flames in one place are one fire: it is reported once, by the one found first.
public struct SmokeRule: Rule, RememberingRule {
    /// The share of the lower half, from which smoke rises, that must lie in the zone.
    private static let share = 0.3

    let kind: AlertKind
    let zone: Zone
    private let dwell: Double
    /// The explanations, by the ids of plumes and flames.
    private var opened: [Int: [Incident.Reason]] = [:]
    /// The place under which a plume continues the report of one that has gone, by id; without an entry its own id.
    private var places: [Int: Int] = [:]

    /// - Parameter dwell: seconds of smoke or flames until they are reported.
    public init(kind: AlertKind, zone: Zone, dwell: Double) {
        self.kind = kind
        self.zone = zone
        self.dwell = dwell
    }

    /// By the plumes' ids, which a restart keeps. Flames are soon found again, under new ids.
    var checkpoint: [Int: [Incident.Reason]]? {
        let kept = opened.filter { $0.key >= 0 }
        return kept.isEmpty ? nil : kept
    }

    mutating func restore(_ checkpoint: [Int: [Incident.Reason]], after gap: Double) {
        if gap <= Self.longestGap { opened = checkpoint }
    }

    public mutating func evaluate(_ look: Observation) -> [Finding] {
        let all = look.flames + look.plumes
        // Forget restored incidents that were not found again.
        let known = Set(all.map(\.id))
        opened = opened.filter { known.contains($0.key) }
        places = places.filter { known.contains($0.key) }
        var findings: [Finding] = []
        for plume in all {
            if case .gone(let at) = plume.presence {
                guard let why = opened.removeValue(forKey: plume.id) else { continue }
                if let heir = companion(of: plume, in: look), opened[heir.id] == nil {
                    (opened[heir.id], places[heir.id]) = (why, places[plume.id] ?? plume.id)
                    if !findings.contains(where: { $0.place == places[heir.id] }) { findings.append(judge(heir, look)) }
                } else {
                    let over = Incident.Reason(at: at, what: "the view was clear again", zh: "画面恢复清晰")
                    findings.append(finding(plume, .ended(at: at), why + [over]))
                }
                continue
            }
            let lower = Box(
                x: plume.box.x, y: plume.box.centre.y, width: plume.box.width, height: plume.box.height / 2)
            guard opened[plume.id] != nil || zone.polygon.share(of: lower) >= Self.share, !isTold(plume, all) else {
                continue
            }
            let finding = judge(plume, look)
            if !findings.contains(where: { $0.place == finding.place }) { findings.append(finding) }
        }
        return findings
    }

    private mutating func judge(_ plume: Plume, _ look: Observation) -> Finding {
        let time = look.scene.time
        if let why = opened[plume.id] {
            let isSeen = plume.presence == .visible || companion(of: plume, in: look) != nil
            return finding(plume, isSeen ? .standing : .hidden, why)
        }
        let isFlames = plume.id < 0
        let age = time - plume.since
        let began = Incident.Reason(
            at: plume.since, what: isFlames ? "something flickers like flames" : "a veil over the ground",
            zh: isFlames ? "有像火焰一样闪动的东西" : "地面上方有一层薄雾状的遮挡")
        guard plume.presence == .visible, age >= dwell, !isFlames || plume.certainty > 0 else {
            return finding(plume, .pending, [began])
        }
        let seconds = Int(age.rounded(.down))
        let what =
            isFlames
            ? "for \(seconds) s it is as bright and warm as flames, and flickers as they do in bursts of pictures"
            : "for \(seconds) s the ground is seen through a pale veil that stirs"
        let zh =
            isFlames
            ? "持续 \(seconds) 秒，亮度和颜色像火焰，连续画面中的闪动也像火焰"
            : "持续 \(seconds) 秒，地面隔着一层飘动的灰白色遮挡"
        let why = [began, .init(at: time, what: what, zh: zh, score: plume.certainty)]
        opened[plume.id] = why
        return finding(plume, .standing, why)
    }

    /// Whether another plume or flame of the same fire has been reported.
    private func isTold(_ plume: Plume, _ all: [Plume]) -> Bool {
        guard opened[plume.id] == nil else { return false }
        return all.contains { $0.id != plume.id && opened[$0.id] != nil && $0.reach.intersection(plume.box) > 0 }
    }

    /// The visible rest of the same fire: a report made for one ends with the other.
    private func companion(of plume: Plume, in look: Observation) -> Plume? {
        (plume.id < 0 ? look.plumes : look.flames.filter { $0.certainty > 0 }).first {
            $0.presence == .visible && plume.reach.intersection($0.box) > 0
        }
    }

    private func finding(_ plume: Plume, _ phase: Finding.Phase, _ why: [Incident.Reason]) -> Finding {
        Finding(
            kind: kind, zone: zone.id, place: places[plume.id] ?? plume.id, phase: phase, firstSeen: plume.since,
            lastSeen: plume.lastSeen,
            threshold: dwell,
            object: .init(
                objectClass: plume.id < 0 ? .fire : .smoke, confidence: plume.certainty, box: plume.box), why: why)
    }
}

/// How a zone is watched for smoke and flames, which are forbidden at any hour.
public struct SmokeSettings: RuleSettings {
    /// Seconds of smoke until it is reported.
    public var dwell: Double

    public init(dwell: Double = 10) { self.dwell = dwell }
}
