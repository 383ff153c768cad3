public import Domain
import Foundation

extension AlertKind {
    public static let illegalParking = AlertKind(rawValue: "parking.motor")
}

extension RuleDescriptor {
    static let illegalParking = RuleDescriptor(
        [.illegalParking],
        fields: [
            .dwell, .classes, .windows, .timeZone, .holidays, .occlusion, .queueVehicles, .queuePatience,
        ], needs: .vehicles, isPatient: true, replay: .standing
    ) { _ in
        ParkingSettings()
    } make: {
        IllegalParking(kind: $0, zone: $2.zone, settings: $1, minimumScore: $2.minimumScore)
    }
}

/// A motor vehicle that stands longer than the zone allows.
public struct IllegalParking: Rule, RememberingRule {
    /// Least share of the visible looks in which the detector itself must have found the vehicle.
    static let detectedShare = 0.3
    /// Least share of the dwell in which the vehicle was actually seen: two isolated sightings never add up.
    static let seenShare = 0.5
    /// Least share of a vehicle's footprint, or of its whole box, inside the zone.
    static let footprintShare = 0.5
    static let boxShare = 0.6
    /// Or the least share of the zone under its footprint: a zone may be smaller than a vehicle.
    static let zoneShare = 0.6

    /// How much higher the mean score must be where the arrival was not seen: a banner or a kiosk that is taken for a
    /// lorry has been there since the first picture.
    static let unseenArrival = 0.05
    /// Least number of detections, and the number where the arrival was not seen: a single box of a middling score is
    /// as often as not an error of the detector, and where tiles take turns a dwell may have no more.
    static let leastDetections = (arrived: 2, unseen: 3)
    /// Of a vehicle that was seen to come, and that the detector doubts: least share of the looks with a hint, and their
    /// least number.
    static let doubted = (share: 0.5, hints: 3)

    struct Vouched: Sendable, Codable {
        var from: MediaTime
        var seen: Double
    }

    struct Candidate: Sendable, Codable {
        /// Starts later than the stop where a window or a queue says so.
        var clock: DwellClock
        var queued: MediaTime?
        var stood = false
        /// Start of the time in which it must have been seen enough, and for how long it had been seen before then, in
        /// seconds.
        var vouched: Vouched
        var why: [Incident.Reason]
    }

    let kind: AlertKind
    let zone: Zone
    private let settings: ParkingSettings
    private let minimumScore: Double
    private var candidates: [Int: Candidate] = [:]
    private var waitingPlaces = WaitingPlaces()

    /// `minimumScore` is what the mean score of a vehicle's detections must reach, 0…1.
    public init(
        kind: AlertKind = .illegalParking, zone: Zone, settings: ParkingSettings, minimumScore: Double = 0.35
    ) {
        self.kind = kind
        self.zone = zone
        self.settings = settings
        self.minimumScore = minimumScore
    }

    /// By the objects' ids, which a restart keeps.
    var checkpoint: [Int: Candidate]? { candidates.isEmpty ? nil : candidates }
    var reported: Set<Int> { Set(candidates.filter(\.value.stood).keys) }

    /// A reported vehicle is continued however long the outage was: it ends when its place is seen without it.
    mutating func restore(_ checkpoint: [Int: Candidate], after gap: Double) {
        candidates = gap <= Self.longestGap ? checkpoint : checkpoint.filter(\.value.stood)
    }

    public mutating func evaluate(_ look: Observation) -> [Finding] {
        let scene = look.scene
        var findings: [Finding] = []
        for end in look.ended {
            guard let candidate = candidates.removeValue(forKey: end.object.id) else { continue }
            if !end.object.isUnsure { waitingPlaces.left(end.object, at: end.at) }
            let isTaken = end.object.presence == .hidden
            let what = isTaken ? "something else stands in its place" : "the place was seen empty"
            let zh = isTaken ? "原位置换成了别的物体" : "已看到原位置空出"
            let why = candidate.why + [.init(at: end.at, what: what, zh: zh)]
            findings.append(finding(end.object, candidate.clock.counts, .ended(at: end.at), why))
        }
        // Forget restored candidates that were not found again.
        let all = look.stationary + look.unsure
        let known = Set(all.map(\.id))
        candidates = candidates.filter { known.contains($0.key) }
        let inside = all.filter {
            $0.isEstablished && settings.classes.contains($0.objectClass) && holds($0.box)
        }
        let queue = VehicleQueue.members(among: inside.filter { !$0.isUnsure }, least: settings.queueVehicles)
        // What is not known to be a vehicle holds back no other.
        let doubtfulQueue =
            inside.contains(where: \.isUnsure)
            ? VehicleQueue.members(among: inside, least: settings.queueVehicles) : queue
        let forbidden = settings.windows.contains(scene.date)
        for object in inside {
            if candidates[object.id] == nil, !object.isUnsure { waitingPlaces.came(object) }
            let isQueued = (object.isUnsure ? doubtfulQueue : queue).contains(object.id)
            if let finding = judge(object, scene, isQueued: isQueued, isForbidden: forbidden) {
                findings.append(finding)
            }
        }
        return findings
    }

    /// Inside by its footprint, or because most of the box is inside.
    func holds(_ box: Box) -> Bool {
        let share = zone.polygon.share(of: box.footprint)
        return share >= Self.footprintShare || zone.polygon.share(of: box) >= Self.boxShare
            || share * box.footprint.area >= Self.zoneShare * zone.polygon.area && share > 0
    }

    private mutating func judge(_ object: StationaryObject, _ scene: Scene, isQueued: Bool, isForbidden: Bool)
        -> Finding?
    {
        let time = scene.time
        var candidate = candidates[object.id] ?? begin(object, scene, isForbidden: isForbidden)
        defer { candidates[object.id] = candidate }
        if candidate.stood {
            return finding(object, candidate.clock.counts, object.isVisible ? .standing : .hidden, candidate.why)
        }
        if candidate.clock.judge(isForbidden: isForbidden, at: time) {
            candidate.why.append(.init(at: time, what: "stopping became forbidden at this hour", zh: "进入禁停时段"))
        }
        if isQueued {
            candidate.queued = time
        } else if let queued = candidate.queued {
            candidate.queued = nil
            candidate.clock.counts = max(candidate.clock.counts, queued)
            candidate.why.append(.init(at: time, what: "the queue moved on, it stayed", zh: "车队已走，此车未动"))
        }
        if (object.isVisible ? object.absence : object.unseen(at: time)) > settings.occlusion {
            // Hidden, or the camera blind, for too long to assume the same vehicle: the time before no longer counts.
            candidate.clock.counts = time
            candidate.vouched = Vouched(from: time, seen: object.seenSeconds)
        }
        let pending = finding(object, candidate.clock.counts, .pending, candidate.why)
        guard isForbidden, object.isVisible else { return pending }
        let dwell = time - candidate.clock.counts
        let longest = settings.dwell + settings.queuePatience
        let wait = settings.queueVehicles > 0 ? waitingPlaces.patience(at: object.box, time) : nil
        let needed = isQueued ? longest : min(longest, max(settings.dwell, wait ?? 0))
        let isDetected = isDetected(object, candidate, at: time)
        guard dwell >= needed, isDetected || hasCome(object, candidate, at: time) else { return pending }
        candidate.stood = true
        if !isDetected {
            candidate.why.append(
                .init(
                    at: time,
                    what: "the detector is not sure of it: it came while the camera looked and has stood still",
                    zh: "识别把握不足；但它是在观测中驶入的，之后一直未动"))
        }
        candidate.why.append(
            .init(
                at: time, what: "stood for \(Int(dwell.rounded(.down))) s, \(Int(settings.dwell)) s are allowed",
                zh: "停放 \(Int(dwell.rounded(.down))) 秒，允许 \(Int(settings.dwell)) 秒",
                score: object.meanScore))
        return finding(object, candidate.clock.counts, .standing, candidate.why)
    }

    private func begin(_ object: StationaryObject, _ scene: Scene, isForbidden: Bool) -> Candidate {
        Candidate(
            clock: DwellClock(since: object.since, scene, settings.windows, isForbidden: isForbidden), queued: nil,
            vouched: Vouched(from: object.since, seen: 0),
            why: [.init(at: object.since, what: "stopped in the zone", zh: "在区域内停下", score: object.bestScore)])
    }

    /// Whether the detector found it often and clearly enough.
    private func isDetected(_ object: StationaryObject, _ candidate: Candidate, at time: MediaTime) -> Bool {
        !object.isUnsure && object.detectedShare >= Self.detectedShare && isSeen(object, candidate, at: time)
            && object.detections >= (object.hasArrived ? Self.leastDetections.arrived : Self.leastDetections.unseen)
            && object.meanScore >= minimumScore + (object.hasArrived ? 0 : Self.unseenArrival)
    }

    /// Whether it is a vehicle that came while the camera looked, though the detector doubts it.
    private func hasCome(_ object: StationaryObject, _ candidate: Candidate, at time: MediaTime) -> Bool {
        object.hasArrived && object.wasSeenToCome && isSeen(object, candidate, at: time)
            && object.hinted >= Self.doubted.hints && object.hintedShare >= Self.doubted.share
    }

    private func isSeen(_ object: StationaryObject, _ candidate: Candidate, at time: MediaTime) -> Bool {
        object.seenSeconds - candidate.vouched.seen >= Self.seenShare * (time - candidate.vouched.from)
    }

    private func finding(
        _ object: StationaryObject, _ counts: MediaTime, _ phase: Finding.Phase, _ why: [Incident.Reason]
    ) -> Finding {
        Finding(
            kind: kind, zone: zone.id, place: object.id, phase: phase, firstSeen: counts, lastSeen: object.lastSeen,
            threshold: settings.dwell,
            object: .init(objectClass: object.objectClass, confidence: object.meanScore, box: object.box), why: why)
    }
}
