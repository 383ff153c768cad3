public import Domain

extension AlertKind {
    public static let exposedGarbage = AlertKind(rawValue: "env.garbage_exposed")
    public static let garbagePile = AlertKind(rawValue: "env.garbage_pile")
    public static let piledGoods = AlertKind(rawValue: "appearance.pile")
}

extension RuleDescriptor {
    static let leftObject = RuleDescriptor(
        [.exposedGarbage, .garbagePile, .piledGoods],
        fields: [.dwell, .windows, .timeZone, .holidays, .smallestShare, .largestShare], needs: .ground,
        looks: "refuse",
        replay: .lying
    ) { kind in
        // Everything smaller than a pile is exposed garbage.
        LeftObjectSettings(size: kind == .garbagePile ? 0.01...1 : 0...1)
    } make: { kind, settings, context in
        var settings = settings
        if kind == .exposedGarbage, let pile = context.rules[.garbagePile] as? LeftObjectSettings {
            // An object large enough for a pile is one alert, not two.
            settings.largestShare = min(settings.size.upperBound, pile.size.lowerBound.nextDown)
        }
        return LeftObjectRule(kind: kind, zone: context.zone, settings: settings)
    }
}

/// An object that was put down in the zone and lies there longer than allowed: exposed garbage, a pile of refuse or of
/// goods. The rule cannot tell the material; the kind says what the zone is watched for.
public struct LeftObjectRule: Rule {
    /// The share of the object that must lie in the zone.
    private static let share = 0.5

    private struct Lying: Sendable {
        var clock: DwellClock
        var stood = false
        var why: [Incident.Reason]
    }

    /// The surroundings of a reported pile, as a share of its size: objects there belong to it.
    private static let pile = 0.5

    private let kind: AlertKind
    private let zone: Zone
    private let settings: LeftObjectSettings
    private var lying: [Int: Lying] = [:]

    public init(kind: AlertKind, zone: Zone, settings: LeftObjectSettings) {
        self.kind = kind
        self.zone = zone
        self.settings = settings
    }

    public mutating func evaluate(_ look: Observation) -> [Finding] {
        let isForbidden = settings.windows.contains(look.scene.date)
        return look.objects.compactMap { object in
            switch object.presence {
            case .gone(let at): return end(of: object, at, "the ground was seen clean", zh: "已看到地面干净")
            case .lost(let at):
                return end(
                    of: object, at, "the picture has another shape: the ground is learnt anew", zh: "画面尺寸变了，重新学习地面")
            case .visible, .hidden: break
            }
            // A candidate grows while it is being recognised; a reported one remains the same alert.
            guard
                lying[object.id]?.stood == true
                    || settings.size.contains(object.area) && zone.polygon.share(of: object.box) >= Self.share
            else {
                lying[object.id] = nil
                return nil
            }
            let isPart = look.objects.contains {
                $0.id != object.id && lying[$0.id]?.stood == true
                    && $0.box.grown(by: Self.pile).intersection(object.box) > 0
            }
            return judge(object, look.scene, isForbidden: isForbidden, isPart: isPart)
        }
    }

    private mutating func end(of object: LeftObject, _ time: MediaTime, _ what: String, zh: String) -> Finding? {
        guard let entry = lying.removeValue(forKey: object.id) else { return nil }
        return finding(object, entry.clock.counts, .ended(at: time), entry.why + [.init(at: time, what: what, zh: zh)])
    }

    private mutating func judge(
        _ object: LeftObject, _ scene: Scene, isForbidden: Bool, isPart: Bool
    ) -> Finding? {
        let time = scene.time
        if case .known(let name) = object.identity {
            return end(of: object, time, "a closer look says: \(name.rawValue)", zh: "放大后识别为：\(name.chinese)")
        }
        var entry =
            lying[object.id]
            ?? Lying(
                clock: DwellClock(since: object.since, scene, settings.windows, isForbidden: isForbidden),
                why: [.init(at: object.since, what: "something new lies in the zone", zh: "区域内出现新的物品")])
        defer { lying[object.id] = entry }
        if entry.stood {
            return finding(object, entry.clock.counts, object.isVisible ? .standing : .hidden, entry.why)
        }
        if object.since > entry.clock.counts {
            entry.clock.counts = object.since
            entry.why = [.init(at: object.since, what: "something else lies in its place", zh: "原处换成了另一件物品")]
        }
        if entry.clock.judge(isForbidden: isForbidden, at: time) {
            entry.why.append(.init(at: time, what: "it became forbidden at this hour", zh: "进入禁止时段"))
        }
        let dwell = time - entry.clock.counts
        guard isForbidden, !isPart, object.isVisible, object.isThing, object.identity == .thing, object.doubt == nil,
            dwell >= settings.dwell
        else {
            return finding(object, entry.clock.counts, .pending, entry.why)
        }
        entry.stood = true
        entry.why.append(
            .init(
                at: time,
                what: "lay for \(Int(dwell.rounded(.down))) s, \(Int(settings.dwell)) s are allowed; no person, "
                    + "no vehicle, not explained by light",
                zh: "放置 \(Int(dwell.rounded(.down))) 秒，允许 \(Int(settings.dwell)) 秒；不是人，不是车，也不是光影",
                score: object.certainty))
        return finding(object, entry.clock.counts, .standing, entry.why)
    }

    private func finding(
        _ object: LeftObject, _ since: MediaTime, _ phase: Finding.Phase, _ why: [Incident.Reason]
    ) -> Finding {
        Finding(
            kind: kind, zone: zone.id, place: object.id, phase: phase, firstSeen: since, lastSeen: object.lastSeen,
            threshold: settings.dwell,
            object: .init(objectClass: .object, confidence: object.certainty, box: object.box), why: why)
    }
}

/// How a zone is watched for objects that were put down.
public struct LeftObjectSettings: TimedRuleSettings {
    /// Seconds that an object may lie there.
    public var dwell: Double
    /// When it may not lie there.
    public var windows: TimeWindows
    /// Smaller and larger objects do not count, as shares of the picture.
    public var smallestShare: Double
    public var largestShare: Double

    public init(dwell: Double = 600, windows: TimeWindows = .always, size: ClosedRange<Double> = 0...1) {
        self.dwell = dwell
        self.windows = windows
        (smallestShare, largestShare) = (size.lowerBound, size.upperBound)
    }

    /// The sizes that count, as shares of the picture.
    public var size: ClosedRange<Double> { smallestShare...max(smallestShare, largestShare) }

    public var faults: [RuleFault] {
        guard largestShare < smallestShare else { return [] }
        return [
            RuleFault(
                "largest_share",
                "largest_share is below smallest_share, \(Field.spelled(smallestShare)): nothing would count, raise it")
        ]
    }
}

extension RuleField<LeftObjectSettings> {
    static var smallestShare: Self {
        .number(
            "smallest_share", 0...1, \.smallestShare, en: "of the picture: what is smaller does not count",
            zh: "占画面面积比例的下限，低于此值不计")
    }

    static var largestShare: Self {
        .number(
            "largest_share", 0...1, \.largestShare, en: "of the picture: what is larger does not count",
            zh: "占画面面积比例的上限，高于此值不计")
    }
}
