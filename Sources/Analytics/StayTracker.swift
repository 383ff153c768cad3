/// Follows what stands still, from looks that are seconds apart.
///
/// At one look in two seconds a moving vehicle is somewhere else each time, while a standing one is exactly where it
/// was. So places are followed, not motion: a stay is a box in which the same thing is seen again, by the detector or,
/// where the detector misses it, by the picture itself.
public struct StayTracker: Sendable {
    public struct Settings: Sendable {
        /// A detection of at least this score may begin a stay; a weaker one only continues it.
        public var birthScore: Double = 0.35
        /// Least overlap (IoU) between a stay's box and a detection of the same thing: with equal sizes, a drift of
        /// about a quarter of the box's own width.
        public var overlap: Double = 0.55
        /// Least likeness of pictures that show the same thing.
        public var likeness: Double = 0.7
        /// The same where the detector finds an object of the same size there: a hard shadow across a vehicle lowers
        /// the likeness about as far, another vehicle in the same slot lowers it further.
        public var detectedLikeness: Double = 0.45
        /// How much of a place something must cover to hide it.
        public var cover: Double = 0.2
        /// Looks that must agree that a place is empty.
        public var emptyLooks: Int = 2

        public init() {}
    }

    /// A stay that is over, and since when its place was seen without it.
    public struct Ended: Sendable {
        public let stay: Stay
        public let at: MediaTime
    }

    /// For how long a thing may be missed after the whole picture has changed its look, in seconds.
    private static let longestOutdated = 60.0

    /// How many looks back the beginning of a stay is searched for in the pictures alone.
    private static let memory = 3

    public private(set) var stays: [Stay] = []
    private let settings: Settings
    private var nextID = 1
    private var firstLook: MediaTime?
    private var recent: [(time: MediaTime, picture: GreyImage)] = []

    /// Stays of an earlier run that nothing has claimed yet.
    private var restored: [StaySnapshot]

    /// For how long a restart may have been blind and a vehicle in the same place still be the same one, in seconds.
    private static let longestRestart = 300.0

    /// - Parameter restored: what stood still when the last run ended; its times must be of the same timeline.
    public init(settings: Settings = Settings(), restored: [StaySnapshot] = []) {
        self.settings = settings
        self.restored = restored
    }

    /// What a later run needs to go on: everything that has stood for two looks and has not gone.
    public var snapshots: [StaySnapshot] {
        stays.filter { $0.isEstablished && $0.presence != .absent }.map(StaySnapshot.init)
    }

    /// The camera cannot see for now: nothing that stands is over, and nothing is known of it.
    public mutating func interrupt() {
        recent = []
        for index in stays.indices {
            stays[index].presence = .hidden
            stays[index].emptied = nil
        }
    }

    /// The whole picture looks different from now on (day to infra-red, lamps): the detector must find what stands again
    /// before its look counts, and has a while for it.
    public mutating func appearanceChanged(at time: MediaTime) {
        interrupt()
        for index in stays.indices { stays[index].outdated = time }
    }

    /// Takes one look; returns what has gone.
    public mutating func update(with scene: Scene) -> [Ended] {
        firstLook = firstLook ?? scene.time
        let scene = scene.keeping { $0.standsAndLeaves }
        let owner = match(scene.detections)
        var ended: [Ended] = []
        var kept: [Stay] = []
        for (index, old) in stays.enumerated() {
            var stay = old
            let detection = owner.firstIndex(of: index).map { scene.detections[$0] }
            advance(&stay, detection, scene, owner: owner)
            if let end = end(of: stay, at: scene.time) {
                ended.append(end)
            } else {
                kept.append(stay)
            }
        }
        stays = kept
        for (index, detection) in scene.detections.enumerated() where owner[index] == nil {
            begin(detection, scene)
        }
        recent.append((scene.time, scene.picture))
        if recent.count > Self.memory { recent.removeFirst() }
        return ended
    }

    /// For each detection the index of the stay it belongs to: best overlap first.
    private func match(_ detections: [Detection]) -> [Int?] {
        var pairs: [(iou: Double, detection: Int, stay: Int)] = []
        for (d, detection) in detections.enumerated() {
            for (s, stay) in stays.enumerated() where alike(detection.objectClass, stay.objectClass) {
                let iou = stay.box.iou(detection.box)
                if iou >= settings.overlap { pairs.append((iou, d, s)) }
            }
        }
        pairs.sort { ($1.iou, $0.detection, $0.stay) < ($0.iou, $1.detection, $1.stay) }
        var owner = [Int?](repeating: nil, count: detections.count)
        var taken = Set<Int>()
        for pair in pairs where owner[pair.detection] == nil && !taken.contains(pair.stay) {
            owner[pair.detection] = pair.stay
            taken.insert(pair.stay)
        }
        return owner
    }

    private func alike(_ a: ObjectClass, _ b: ObjectClass) -> Bool { a == b || a.isMotorVehicle && b.isMotorVehicle }

    private func advance(_ stay: inout Stay, _ detection: Detection?, _ scene: Scene, owner: [Int?]) {
        if let outdated = stay.outdated {
            if detection != nil {
                stay.outdated = nil
                seen(&stay, detection, scene.time)
                stay.appearance = scene.picture.patch(in: stay.box)
                return
            }
            stay.presence = .hidden
            guard scene.time - outdated > Self.longestOutdated else { return }
        }
        let least = detection == nil ? settings.likeness : settings.detectedLikeness
        let (likeness, now) = scene.picture.likeness(of: stay.box, to: stay.appearance, atLeast: least)
        if likeness >= least {
            seen(&stay, detection, scene.time)
            stay.appearance = now
            return
        }
        // Something else is in the picture here: a passer-by before it, another vehicle in its place, or nothing.
        let hidden = scene.detections.indices.contains { index in
            let other = scene.detections[index]
            // What stood beside it when it was last seen did not come between.
            let stoodBefore = owner[index].map { stays[$0].since <= stay.lastSeen } ?? false
            return !stoodBefore && stay.box.covered(by: other.box) >= settings.cover
                && stay.box.iou(other.box) < settings.overlap
        }
        if hidden {
            stay.presence = .hidden
            return
        }
        let alike = settings.likeness
        if let emptied = stay.emptied,
            scene.picture.likeness(of: stay.box, to: emptied.patch, atLeast: alike).value >= alike
        {
            stay.emptied = (now, emptied.since, emptied.looks + 1)
        } else {
            stay.emptied = (now, scene.time, 1)
        }
        stay.presence = detection == nil ? .absent : .hidden
    }

    private func seen(_ stay: inout Stay, _ detection: Detection?, _ time: MediaTime) {
        if stay.isVisible { stay.seenSeconds += time - stay.lastSeen }
        stay.absence = stay.isVisible ? 0 : time - stay.lastSeen
        stay.lastSeen = time
        stay.looks += 1
        stay.emptied = nil
        stay.presence = .unchanged
        guard let detection else { return }
        stay.presence = .detected
        stay.detections += 1
        stay.scoreSum += detection.score
        stay.bestScore = max(stay.bestScore, detection.score)
        stay.votes[detection.objectClass, default: 0] += detection.score
        stay.objectClass =
            stay.votes.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key ?? stay.objectClass
    }

    private func end(of stay: Stay, at time: MediaTime) -> Ended? {
        guard stay.isEstablished else { return stay.isVisible ? nil : Ended(stay: stay, at: time) }
        guard let emptied = stay.emptied, emptied.looks >= settings.emptyLooks else { return nil }
        return Ended(stay: stay, at: emptied.since)
    }

    private mutating func begin(_ detection: Detection, _ scene: Scene) {
        guard detection.score >= settings.birthScore else { return }
        // A part of something that already stands there is not a second object.
        let isPart = stays.contains {
            $0.isVisible && alike($0.objectClass, detection.objectClass) && detection.box.covered(by: $0.box) > 0.8
        }
        guard !isPart else { return }
        let appearance = scene.picture.patch(in: detection.box)
        defer { nextID += 1 }
        if let earlier = claim(detection, appearance, at: scene.time) {
            stays.append(
                Stay(
                    id: nextID, objectClass: earlier.objectClass, box: earlier.box, since: earlier.since,
                    lastSeen: scene.time, presence: .detected,
                    seenSeconds: earlier.seenSeconds + (scene.time - earlier.lastSeen), looks: earlier.looks + 1,
                    detections: earlier.detections + 1, bestScore: max(earlier.bestScore, detection.score),
                    hasArrived: earlier.hasArrived, scoreSum: earlier.scoreSum + detection.score,
                    votes: [earlier.objectClass: earlier.scoreSum + detection.score],
                    appearance: appearance, emptied: nil))
            return
        }
        // The detector may find a thing a look late: the pictures before tell since when it has been there.
        var since = scene.time
        for earlier in recent.reversed() {
            let least = settings.likeness + 0.1
            guard earlier.picture.likeness(of: detection.box, to: appearance, atLeast: least).value >= least else {
                break
            }
            since = earlier.time
        }
        let looks = since < scene.time ? 2 : 1
        stays.append(
            Stay(
                id: nextID, objectClass: detection.objectClass, box: detection.box, since: since, lastSeen: scene.time,
                presence: .detected, seenSeconds: scene.time - since, looks: looks, detections: 1,
                bestScore: detection.score, hasArrived: since > firstLook ?? since, scoreSum: detection.score,
                votes: [detection.objectClass: detection.score], appearance: appearance, emptied: nil))
    }

    /// The stay of an earlier run that this detection goes on: the same place, class and look, not too long ago.
    private mutating func claim(_ detection: Detection, _ appearance: Patch, at time: MediaTime) -> StaySnapshot? {
        restored.removeAll { time - $0.lastSeen > Self.longestRestart || $0.lastSeen > time }
        let index = restored.firstIndex {
            alike($0.objectClass, detection.objectClass) && $0.box.iou(detection.box) >= settings.overlap
                && $0.patch.likeness(appearance) >= settings.detectedLikeness
        }
        return index.map { restored.remove(at: $0) }
    }
}
