/// Smoke that rises in the zone: open burning, or a fire. Experimental.
public struct SmokeRule: Rule, RememberingRule {
    /// The share of the plume's lower half that must lie in the zone.
    private static let share = 0.3

    let kind: AlertKind
    let zone: Zone
    private let dwell: Double
    private var opened: [Int: [Incident.Reason]] = [:]

    /// - Parameter dwell: seconds of smoke until it is reported.
    public init(kind: AlertKind, zone: Zone, dwell: Double) {
        self.kind = kind
        self.zone = zone
        self.dwell = dwell
    }

    /// By the plumes' numbers, which a restart keeps.
    var memory: [Int: [Incident.Reason]]? { opened.isEmpty ? nil : opened }

    mutating func takeBack(_ memory: [Int: [Incident.Reason]], after gap: Double) {
        if gap <= Self.longestGap { opened = memory }
    }

    public mutating func evaluate(_ look: Observation) -> [Finding] {
        // Of an earlier run may be known what was not found again.
        let known = Set(look.plumes.map(\.id))
        opened = opened.filter { known.contains($0.key) }
        return look.plumes.compactMap { plume in
            if case .gone(let at) = plume.presence {
                guard let why = opened.removeValue(forKey: plume.id) else { return nil }
                return finding(plume, .ended(at: at), why + [.init(at: at, what: "the view was clear again")])
            }
            let lower = Box(
                x: plume.box.x, y: plume.box.centre.y, width: plume.box.width, height: plume.box.height / 2)
            guard opened[plume.id] != nil || zone.polygon.share(of: lower) >= Self.share else { return nil }
            return judge(plume, at: look.scene.time)
        }
    }

    private mutating func judge(_ plume: Plume, at time: MediaTime) -> Finding {
        if let why = opened[plume.id] {
            return finding(plume, plume.presence == .visible ? .standing : .hidden, why)
        }
        let age = time - plume.since
        let began = Incident.Reason(at: plume.since, what: "a veil over the ground")
        guard plume.presence == .visible, age >= dwell else {
            return finding(plume, .pending, [began])
        }
        let why = [
            began,
            .init(
                at: time, what: "for \(Int(age.rounded(.down))) s the ground is seen through a pale veil that stirs",
                score: plume.certainty),
        ]
        opened[plume.id] = why
        return finding(plume, .standing, why)
    }

    private func finding(_ plume: Plume, _ phase: Finding.Phase, _ why: [Incident.Reason]) -> Finding {
        Finding(
            kind: kind, zone: zone.id, place: plume.id, phase: phase, firstSeen: plume.since, lastSeen: plume.lastSeen,
            threshold: dwell, object: .init(objectClass: .smoke, confidence: plume.certainty, box: plume.box), why: why)
    }
}
