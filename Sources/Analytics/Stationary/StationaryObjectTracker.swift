public import Domain

/// Follows what stands still, from looks that are seconds apart.
///
/// At one look in two seconds a moving vehicle is somewhere else each time, while a standing one is exactly where it
/// was. So places are followed, not motion: a stationary object is a box in which the same thing is seen again, by the
/// detector or, where the detector misses it, by comparing the picture.
public struct StationaryObjectTracker: Sendable {
    public struct Settings: Sendable {
        /// A detection of at least this score may start a stationary object; a weaker one only continues it.
        public var birthScore: Double = 0.35
        /// Least overlap (IoU) between an object's box and a detection of the same object: with equal sizes, a drift of
        /// about a quarter of the box's own width.
        public var overlap: Double = 0.55
        /// Least likeness of pictures that show the same thing.
        public var likeness: Double = 0.7
        /// The same where the detector finds an object of the same size there: a hard shadow across a vehicle lowers
        /// the likeness about as far, another vehicle in the same slot lowers it further.
        public var detectedLikeness: Double = 0.45
        /// Least overlap (IoU) of two boxes around one thing that stands, whatever it looks like.
        var sameBox: Double = 0.8
        /// Likeness of a look that is still the same, and looks after which a new one has become the usual one.
        var steady = (likeness: 0.85, looks: 5)
        /// Below both, another thing stands in the place after an outage, or nothing. Of eight real vehicles in one another's
        /// places 89 % were told so, of the same ones in seven lights none.
        var another = (likeness: 0.6, structure: 0.45)
        /// How many times as far from what a place looks like with a thing in it (1 − likeness) as from what it looked like
        /// before it must be to be empty again. Of one thing in two looks both distances are noise.
        var asBefore: Double = 3
        /// Least structure of the whole picture before and after an outage that lets its places be compared: another hour
        /// or hard light leave 0.7 and more, infra-red after daylight less than 0.6.
        var comparable: Double = 0.65
        /// How much of a place something must cover to hide it.
        public var cover: Double = 0.2
        /// From where on something hides nearly all of a place: then what the place looks like is what hides it.
        var fullCover: Double = 0.8
        /// Share of a thing's texture that tells that it is partly hidden, not gone.
        var remainder: Double = 0.5
        /// Up to this share of the parts that nothing covers, a thing is no longer there: one part in eight is alike by chance.
        var leastRemains: Double = 0.125
        /// Least overlap (IoU) of a box that the detector draws otherwise around a thing which the picture still shows.
        var looseOverlap: Double = 0.35
        /// Share of the whole picture that looks different where lamps, infra-red or headlights change its look at once.
        var otherView: Double = 0.6
        /// Looks in a row that must agree that a place is empty; the larger number where something has stood for long.
        public var emptyLooks = (first: 2, long: 3)

        public init() {}
    }

    /// An object that has left, and since when its place was seen without it.
    public struct Ended: Sendable {
        public let object: StationaryObject
        public let at: MediaTime
    }

    /// Looks in which the detector must have found two overlapping boxes until they are two things: in a single one it draws a
    /// second box around one thing, most of all around a vehicle that turns.
    static let distinctLooks = 2

    /// Seconds from which on something has stood for long.
    private static let long = 60.0

    /// For how long a part of a thing vouches for the whole, in seconds: then what is left belongs to the ground.
    private static let longestPartlySeen = 120.0

    /// For how long a thing may be missed after the whole picture has changed its look, in seconds.
    private static let longestOutdated = 60.0

    /// How many looks back the arrival of an object is searched for in the pictures alone.
    private static let lookback = 3

    public private(set) var stationary: [StationaryObject] = []
    private let settings: Settings
    private var nextID = 1
    private var lastLook: MediaTime?
    /// Seconds between the last two looks.
    private var spacing = 0.0
    /// What the whole picture looked like last.
    private(set) var view: Patch?
    /// With what the detector found in it.
    private var recent: [(time: MediaTime, picture: GreyImage, found: [Box])] = []

    /// Objects of an earlier run, until the first look.
    private var restored: [StationaryObjectCheckpoint]
    /// Those among them that rules have reported.
    private let reported: Set<Int>

    /// For how long a restart may have been blind and the time of what stood there still go on, in seconds. What has been
    /// reported is known for as long as it takes: it is over when its place is seen without it.
    static let longestRestart = 300.0

    /// Seconds without a picture after which nothing is known of what stood there meanwhile, as if it had been hidden; where
    /// looks are rarer anyway, twice the time between them.
    static let longestGap = 30.0

    /// - Parameter restored: what stood still when the last run ended; its times must be of the same timeline.
    public init(settings: Settings = Settings(), restored: WatchCheckpoint? = nil) {
        self.settings = settings
        self.restored = restored?.stationary ?? []
        reported = Set(restored?.reported ?? [])
        view = restored?.view.flatMap(Patch.init(data:))
        nextID = (self.restored.map(\.id).max() ?? 0) + 1
    }

    /// What a later run needs to go on: everything that has stood for two looks and has not gone.
    public var checkpoints: [StationaryObjectCheckpoint] {
        stationary.filter(\.isEstablished).map(StationaryObjectCheckpoint.init) + restored
    }

    /// Something that stood seems to have gone: the detector should look again, whatever it said of such a picture before.
    public var isInDoubt: Bool { stationary.contains { $0.isEstablished && $0.emptied != nil } }

    /// The camera cannot see for now: nothing that stands is over, and nothing is known of it.
    public mutating func interrupt() {
        recent = []
        for index in stationary.indices { hide(&stationary[index]) }
    }

    /// The whole picture looks different from now on (day to infra-red, lamps): the detector must find what stands again
    /// before its look counts, and has a while for it.
    public mutating func appearanceChanged(at time: MediaTime) {
        interrupt()
        for index in stationary.indices {
            stationary[index].outdated = time
            stationary[index].isDoubtful = false
        }
    }

    /// Takes one look; returns what has gone.
    public mutating func update(with scene: Scene) -> [Ended] {
        if let lastLook {
            let gap = scene.time - lastLook
            if gap > max(Self.longestGap, 2 * spacing) { interrupt() }
            spacing = gap
        }
        lastLook = scene.time
        let scene = scene.keeping { $0.standsAndLeaves }
        let whole = scene.picture.patch(in: .whole)
        restore(at: scene.time, in: whole)
        let hasOtherView = view.map { $0.changedShare(in: whole) > settings.otherView } ?? false
        view = whole
        let owner = match(scene.detections)
        var ended: [Ended] = []
        var kept: [StationaryObject] = []
        for (index, old) in stationary.enumerated() {
            var object = old
            let detection = owner.firstIndex(of: index).map { scene.detections[$0] }
            advance(&object, detection, scene, owner: owner, hasOtherView: hasOtherView)
            if let end = end(of: object, at: scene.time) {
                ended.append(end)
            } else {
                kept.append(object)
            }
        }
        for index in kept.indices where kept[index].presence == .detected {
            let older = olderOverlapping(kept[index], among: kept)
            if !older.isEmpty, older.allSatisfy({ $0.presence == .detected }) { kept[index].looksBeside += 1 }
        }
        let twice = kept.filter { isDrawnTwice($0, among: kept) }
        ended += twice.map { Ended(object: $0, at: scene.time) }
        stationary = kept.filter { object in !twice.contains { $0.id == object.id } }
        for (index, detection) in scene.detections.enumerated() where owner[index] == nil {
            begin(detection, scene)
        }
        recent.append((scene.time, scene.picture, scene.detections.map(\.box)))
        if recent.count > Self.lookback { recent.removeFirst() }
        return ended
    }

    private mutating func restore(at time: MediaTime, in whole: Patch) {
        let isComparable = view.map { $0.structure(whole) >= settings.comparable } ?? false
        stationary += restored.compactMap { kept in
            let gap = time - kept.lastSeen
            let isVouched = gap <= Self.longestRestart
            guard gap >= 0, isVouched || reported.contains(kept.id) else { return nil }
            var object = kept.object(at: time, isVouched: isVouched)
            object?.isDoubtful = !isVouched && isComparable
            return object
        }
        restored = []
    }

    /// Whether it is another box around what has stood there longer: the detector has never found both in one look.
    private func isDrawnTwice(_ object: StationaryObject, among all: [StationaryObject]) -> Bool {
        object.looks >= 3 && object.looksBeside < Self.distinctLooks
            && olderOverlapping(object, among: all).contains(where: \.isVisible)
    }

    private func olderOverlapping(_ object: StationaryObject, among all: [StationaryObject]) -> [StationaryObject] {
        all.filter {
            $0.id < object.id && alike($0.objectClass, object.objectClass)
                && $0.box.iou(object.box) >= settings.looseOverlap
        }
    }

    /// For each detection the index of the object it belongs to: best overlap first.
    private func match(_ detections: [Detection]) -> [Int?] {
        var pairs: [(iou: Double, detection: Int, object: Int)] = []
        for (d, detection) in detections.enumerated() {
            for (s, object) in stationary.enumerated() where alike(detection.objectClass, object.objectClass) {
                let iou = object.box.iou(detection.box)
                if iou >= settings.overlap { pairs.append((iou, d, s)) }
            }
        }
        pairs.sort { ($1.iou, $0.detection, $0.object) < ($0.iou, $1.detection, $1.object) }
        var owner = [Int?](repeating: nil, count: detections.count)
        var taken = Set<Int>()
        for pair in pairs where owner[pair.detection] == nil && !taken.contains(pair.object) {
            owner[pair.detection] = pair.object
            taken.insert(pair.object)
        }
        return owner
    }

    private func alike(_ a: ObjectClass, _ b: ObjectClass) -> Bool { a == b || a.isMotorVehicle && b.isMotorVehicle }

    private func advance(
        _ object: inout StationaryObject, _ detection: Detection?, _ scene: Scene, owner: [Int?], hasOtherView: Bool
    ) {
        if hasOtherView { object.outdated = object.outdated ?? scene.time }
        let least = detection == nil || object.outdated != nil ? settings.likeness : settings.detectedLikeness
        let (likeness, now) = scene.picture.likeness(of: object.box, to: object.appearance, atLeast: least)
        let isSame =
            likeness >= settings.likeness || object.usual.likeness(now) >= settings.likeness
            || likeness >= least && (detection.map { isSameVehicle($0, object, now) } ?? false)
        let isAsBefore = detection == nil && isAsBefore(object, now)
        if isSame, detection != nil || !isAsBefore && !isDenied(object, now) {
            seen(&object, detection, scene)
            learn(now, of: &object)
            return
        }
        let isAnother =
            object.isDoubtful && likeness < settings.another.likeness
            && scene.picture.structure(of: object.box, to: object.usual) < settings.another.structure
        if let outdated = object.outdated, !isAnother {
            if detection != nil {
                seen(&object, detection, scene)
                (object.appearance, object.usual) = (now, now)
                return
            }
            if scene.time - outdated <= Self.longestOutdated {
                hide(&object)
                return
            }
        }
        if detection == nil, !isAsBefore, object.appearance.remainder(in: now) >= settings.remainder {
            let since = object.partlySeen ?? scene.time
            object.partlySeen = since
            if scene.time - since <= Self.longestPartlySeen {
                hide(&object)
                return
            }
        }
        // Found once in passing: that it was there in the pictures before was a likeness of the road with itself.
        if isAsBefore, object.detections == 1 { object.looks = 1 }
        // Something else is in the picture here: a passer-by before it, another vehicle in its place, or nothing.
        let before = scene.detections.indices.filter { index in
            let other = scene.detections[index]
            // What stood beside it when it was last seen did not come between.
            let stoodBefore = owner[index].map { stationary[$0].since <= object.lastSeen } ?? false
            return !stoodBefore && object.box.covered(by: other.box) >= settings.cover
                && object.box.iou(other.box) < settings.overlap
        }.map { scene.detections[$0].box }
        // A vehicle that rolls on by half its length covers the place in which it stood: what is left free of the place tells
        // whether the thing is still there.
        let remains = object.appearance.remainder(in: now, of: object.box, outside: scene.detections.map(\.box))
        if !before.isEmpty, remains ?? 1 > settings.leastRemains {
            hide(&object)
            let isFull = scene.detections.contains { object.box.covered(by: $0.box) >= settings.fullCover }
            object.cover = isFull ? now : nil
            return
        }
        // The detector may miss what hides it, too.
        if let cover = object.cover,
            scene.picture.likeness(of: object.box, to: cover, atLeast: settings.likeness).value >= settings.likeness
        {
            hide(&object)
            return
        }
        if let emptied = object.emptied,
            scene.picture.likeness(of: object.box, to: emptied.patch, atLeast: settings.likeness).patch
                .agrees(with: emptied.patch, atLeast: settings.likeness)
        {
            object.emptied = (now, emptied.since, emptied.looks + 1)
        } else {
            object.emptied = (now, scene.time, 1)
        }
        object.presence = detection == nil ? .absent : .hidden
    }

    /// Whether a box around something that looks hardly alike is around the same thing in another light: it lies as the box did,
    /// or the slopes of its picture run as they did. Where cars follow one another, one look shows one and the next another.
    private func isSameVehicle(_ detection: Detection, _ object: StationaryObject, _ now: Patch) -> Bool {
        detection.box.iou(object.box) >= settings.sameBox
            || max(object.appearance.structure(now), object.usual.structure(now)) >= settings.another.structure
    }

    /// Whether its place looks as it did before the detector found it there, and clearly less as since then: a line of the
    /// road or a rail behind it is in both, and may be most of what the place looks like.
    private func isAsBefore(_ object: StationaryObject, _ now: Patch) -> Bool {
        guard let before = object.before, object.outdated == nil else { return false }
        let since = max(object.appearance.likeness(now), object.usual.likeness(now))
        return settings.asBefore * (1 - before.likeness(now)) < 1 - since
    }

    /// Whether no part of it that has texture is where it was, and its slopes do not run as they did: ground that is as dark
    /// above and as bright below as a car correlates with it, and is none of it.
    private func isDenied(_ object: StationaryObject, _ now: Patch) -> Bool {
        [object.appearance, object.usual].allSatisfy {
            $0.remainder(in: now) <= settings.leastRemains && $0.structure(now) < settings.another.structure
        }
    }

    /// Nothing is known of it, and looks that saw its place empty are no longer in a row.
    private func hide(_ object: inout StationaryObject) {
        object.presence = .hidden
        object.emptied = nil
    }

    private func learn(_ now: Patch, of object: inout StationaryObject) {
        let isSteady = object.appearance.likeness(now) >= settings.steady.likeness
        object.steadyLooks = isSteady ? object.steadyLooks + 1 : 0
        if object.usual.likeness(now) >= settings.steady.likeness || object.steadyLooks >= settings.steady.looks {
            object.usual = now
            object.steadyLooks = 0
        }
        object.appearance = now
    }

    private func seen(_ object: inout StationaryObject, _ detection: Detection?, _ scene: Scene) {
        let time = scene.time
        if object.isVisible { object.seenSeconds += time - object.lastSeen }
        object.absence = object.unseen(at: time)
        object.lastSeen = time
        object.looks += 1
        object.unseenSince = time
        object.outdated = nil
        object.isDoubtful = false
        object.emptied = nil
        object.cover = nil
        object.partlySeen = nil
        object.presence = .unchanged
        if let detection {
            count(detection, of: &object)
        } else if scene.unasked.contains(where: { $0.holds(object.box.centre) }) {
            object.unasked += 1
        }
    }

    private func count(_ detection: Detection, of object: inout StationaryObject) {
        object.presence = .detected
        object.detections += 1
        object.scoreSum += detection.score
        object.bestScore = max(object.bestScore, detection.score)
        object.votes[detection.objectClass, default: 0] += detection.score
        object.objectClass =
            object.votes.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key ?? object.objectClass
    }

    private func end(of object: StationaryObject, at time: MediaTime) -> Ended? {
        guard object.isEstablished else { return object.isVisible ? nil : Ended(object: object, at: time) }
        let hasStood = object.isDoubtful || object.lastSeen - object.since >= Self.long
        let looks = hasStood ? settings.emptyLooks.long : settings.emptyLooks.first
        guard let emptied = object.emptied, emptied.looks >= looks else { return nil }
        return Ended(object: object, at: emptied.since)
    }

    private mutating func begin(_ detection: Detection, _ scene: Scene) {
        guard detection.score >= settings.birthScore else { return }
        // A part of something that already stands there is not a second object. A box that was drawn once around a whole
        // scene, which looks as it did ever since, is no such thing.
        let isPart = stationary.contains {
            ($0.presence == .detected || $0.presence == .unchanged && $0.detectedShare >= IllegalParking.detectedShare)
                && alike($0.objectClass, detection.objectClass) && detection.box.covered(by: $0.box) > 0.8
        }
        guard !isPart else { return }
        // Another box around what the picture still shows, and the detector has not found otherwise.
        let drawnOtherwise = stationary.indices.filter {
            (stationary[$0].presence == .unchanged || stationary[$0].partlySeen != nil)
                && alike(stationary[$0].objectClass, detection.objectClass)
                && stationary[$0].box.iou(detection.box) >= settings.looseOverlap
        }.max { stationary[$0].box.iou(detection.box) < stationary[$1].box.iou(detection.box) }
        if let drawnOtherwise {
            if stationary[drawnOtherwise].isVisible { count(detection, of: &stationary[drawnOtherwise]) }
            return
        }
        let appearance = scene.picture.patch(in: detection.box)
        defer { nextID += 1 }
        // The detector may find a thing a look late: the pictures before tell since when it has been there.
        let least = settings.likeness + 0.1
        let shown = recent.map {
            $0.picture.likeness(of: detection.box, to: appearance, atLeast: least).value >= least
        }
        let since = zip(recent, shown).reversed().prefix { $1 }.last?.0.time ?? scene.time
        // What the oldest of them shows too was there before: a banner, a container, or a vehicle that was found late.
        let hasArrived = shown.first == false
        let looks = since < scene.time ? 2 : 1
        let before = recent.last { look in !look.found.contains { $0.iou(detection.box) >= settings.looseOverlap } }
        stationary.append(
            StationaryObject(
                id: nextID, objectClass: detection.objectClass, box: detection.box, since: since, lastSeen: scene.time,
                presence: .detected, seenSeconds: scene.time - since, looks: looks, detections: 1,
                bestScore: detection.score, hasArrived: hasArrived, unseenSince: scene.time,
                scoreSum: detection.score, votes: [detection.objectClass: detection.score], appearance: appearance,
                usual: appearance,
                before: before.map { $0.picture.patch(in: detection.box) }))
    }
}
