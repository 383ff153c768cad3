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
        ], needs: .smallVehicles, isPatient: true
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
    /// Least share of the dwell in which the vehicle was really seen: two isolated sightings never add up.
    static let seenShare = 0.5
    /// Least share of a vehicle's footprint, or of its whole box, inside the zone.
    static let footprintShare = 0.5
    static let boxShare = 0.6
    /// Or the least share of the zone under its footprint: a zone may be smaller than a vehicle.
    static let zoneShare = 0.6

    /// How much better the mean score must be where the arrival was not seen: a banner or a kiosk that is taken for a
    /// lorry has stood there from the first picture on.
    static let unseenArrival = 0.05
    /// Looks in which the detector must have found it, and where the arrival was not seen: a single box of a middling score
    /// is a fault of the detector as often as not, and where tiles take turns a dwell may have no more.
    static let leastDetections = (arrived: 2, unseen: 3)

    struct Vouched: Sendable, Codable {
        var from: MediaTime
        var seen: Double
    }

    struct Candidate: Sendable, Codable {
        /// Later than the stop where a window or a queue says so.
        var clock: DwellClock
        var queued: MediaTime?
        var stood = false
        /// From when it must have been seen enough, and for how long it had been seen before then, in seconds.
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

    /// By the stays' numbers, which a restart keeps.
    var memory: [Int: Candidate]? { candidates.isEmpty ? nil : candidates }
    var reported: Set<Int> { Set(candidates.filter(\.value.stood).keys) }

    /// What has been reported goes on, however long nobody looked: it is over when its place is seen without it.
    mutating func restore(_ memory: [Int: Candidate], after gap: Double) {
        candidates = gap <= Self.longestGap ? memory : memory.filter(\.value.stood)
    }

    public mutating func evaluate(_ look: Observation) -> [Finding] {
        let scene = look.scene
        var findings: [Finding] = []
        for end in look.ended {
            guard let candidate = candidates.removeValue(forKey: end.stay.id) else { continue }
            waitingPlaces.left(end.stay, at: end.at)
            let isTaken = end.stay.presence == .hidden
            let what = isTaken ? "something else stands in its place" : "the place was seen empty"
            let why = candidate.why + [.init(at: end.at, what: what)]
            findings.append(finding(end.stay, candidate.clock.counts, .ended(at: end.at), why))
        }
        // Of an earlier run may be known what was not found again.
        let known = Set(look.stays.map(\.id))
        candidates = candidates.filter { known.contains($0.key) }
        let inside = look.stays.filter {
            $0.isEstablished && settings.classes.contains($0.objectClass) && holds($0.box)
        }
        let queue = VehicleQueue.members(among: inside, least: settings.queueVehicles)
        let forbidden = settings.windows.contains(scene.date)
        for stay in inside {
            if candidates[stay.id] == nil { waitingPlaces.came(stay) }
            if let finding = judge(stay, scene, isQueued: queue.contains(stay.id), isForbidden: forbidden) {
                findings.append(finding)
            }
        }
        return findings
    }

    /// Inside by where it touches the ground, or because most of it is.
    func holds(_ box: Box) -> Bool {
        let share = zone.polygon.share(of: box.footprint)
        return share >= Self.footprintShare || zone.polygon.share(of: box) >= Self.boxShare
            || share * box.footprint.area >= Self.zoneShare * zone.polygon.area && share > 0
    }

    private mutating func judge(_ stay: StationaryObject, _ scene: Scene, isQueued: Bool, isForbidden: Bool) -> Finding?
    {
        let time = scene.time
        var candidate = candidates[stay.id] ?? begin(stay, scene, isForbidden: isForbidden)
        defer { candidates[stay.id] = candidate }
        if candidate.stood {
            return finding(stay, candidate.clock.counts, stay.isVisible ? .standing : .hidden, candidate.why)
        }
        if candidate.clock.judge(isForbidden: isForbidden, at: time) {
            candidate.why.append(.init(at: time, what: "stopping became forbidden at this hour"))
        }
        if isQueued {
            candidate.queued = time
        } else if let queued = candidate.queued {
            candidate.queued = nil
            candidate.clock.counts = max(candidate.clock.counts, queued)
            candidate.why.append(.init(at: time, what: "the queue moved on, it stayed"))
        }
        if (stay.isVisible ? stay.absence : stay.unseen(at: time)) > settings.occlusion {
            // Hidden, or the camera blind, for too long to vouch for it: the time before no longer counts.
            candidate.clock.counts = time
            candidate.vouched = Vouched(from: time, seen: stay.seenSeconds)
        }
        let pending = finding(stay, candidate.clock.counts, .pending, candidate.why)
        guard isForbidden, stay.isVisible else { return pending }
        let dwell = time - candidate.clock.counts
        let longest = settings.dwell + settings.queuePatience
        let wait = settings.queueVehicles > 0 ? waitingPlaces.patience(at: stay.box, time) : nil
        let needed = isQueued ? longest : min(longest, max(settings.dwell, wait ?? 0))
        guard dwell >= needed, isCredible(stay, candidate, at: time) else { return pending }
        candidate.stood = true
        candidate.why.append(
            .init(
                at: time, what: "stood for \(Int(dwell.rounded(.down))) s, \(Int(settings.dwell)) s are allowed",
                score: stay.meanScore))
        return finding(stay, candidate.clock.counts, .standing, candidate.why)
    }

    private func begin(_ stay: StationaryObject, _ scene: Scene, isForbidden: Bool) -> Candidate {
        Candidate(
            clock: DwellClock(since: stay.since, scene, settings.windows, isForbidden: isForbidden), queued: nil,
            vouched: Vouched(from: stay.since, seen: 0),
            why: [.init(at: stay.since, what: "stopped in the zone", score: stay.bestScore)])
    }

    private func isCredible(_ stay: StationaryObject, _ candidate: Candidate, at time: MediaTime) -> Bool {
        let seen = stay.seenSeconds - candidate.vouched.seen
        return stay.detectedShare >= Self.detectedShare && seen >= Self.seenShare * (time - candidate.vouched.from)
            && stay.detections >= (stay.hasArrived ? Self.leastDetections.arrived : Self.leastDetections.unseen)
            && stay.meanScore >= minimumScore + (stay.hasArrived ? 0 : Self.unseenArrival)
    }

    private func finding(
        _ stay: StationaryObject, _ counts: MediaTime, _ phase: Finding.Phase, _ why: [Incident.Reason]
    ) -> Finding {
        Finding(
            kind: kind, zone: zone.id, place: stay.id, phase: phase, firstSeen: counts, lastSeen: stay.lastSeen,
            threshold: settings.dwell,
            object: .init(objectClass: stay.objectClass, confidence: stay.meanScore, box: stay.box), why: why)
    }
}
