public import Domain

/// Follows what stands still, from looks that are seconds apart.
///
/// At one look in two seconds a moving vehicle is somewhere else each time, while a standing one is exactly where it
/// was. So places are followed, not motion: a stay is a box in which the same thing is seen again, by the detector or,
/// where the detector misses it, by the picture itself.
public struct StationaryObjectTracker: Sendable {
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

    /// A stay that is over, and since when its place was seen without it.
    public struct Ended: Sendable {
        public let stay: StationaryObject
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

    /// How much more alike than in two looks at one thing an earlier picture must be, of which nobody knows what it shows.
    private static let earlier = 0.1

    /// How many looks back the beginning of a stay is searched for in the pictures alone.
    private static let memory = 3

    public private(set) var stays: [StationaryObject] = []
    private let settings: Settings
    private var nextID = 1
    private var lastLook: MediaTime?
    /// Seconds between the last two looks.
    private var spacing = 0.0
    /// What the whole picture looked like last.
    private(set) var view: Patch?
    /// With what the detector found in it.
    private var recent: [(time: MediaTime, picture: GreyImage, found: [Box])] = []

    /// Stays of an earlier run, until the first look.
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
        self.restored = restored?.stays ?? []
        reported = Set(restored?.reported ?? [])
        view = restored?.view.flatMap(Patch.init(data:))
        nextID = (self.restored.map(\.id).max() ?? 0) + 1
    }

    /// What a later run needs to go on: everything that has stood for two looks and has not gone.
    public var checkpoints: [StationaryObjectCheckpoint] {
        stays.filter(\.isEstablished).map(StationaryObjectCheckpoint.init) + restored
    }

    /// Something that stood seems to have gone: the detector should look again, whatever it said of such a picture before.
    public var isInDoubt: Bool { stays.contains { $0.isEstablished && $0.emptied != nil } }

    /// Whether all that stands is plainly there, and nothing of it needs another look soon.
    public var isCertain: Bool {
        restored.isEmpty
            && stays.allSatisfy { !$0.isEstablished || $0.isVisible && $0.outdated == nil && !$0.isDoubtful }
    }

    /// The boxes in `scene` with which something may begin to stand: of them a look back is worth while.
    public func newcomers(in scene: Scene) -> [Box] {
        scene.detections.filter { detection in
            detection.score >= settings.birthScore && detection.objectClass.standsAndLeaves
                && !stays.contains {
                    alike($0.objectClass, detection.objectClass) && $0.box.iou(detection.box) >= settings.looseOverlap
                }
        }.map(\.box)
    }

    /// Whether an earlier picture shows in `box` what `picture` shows there now.
    public func shows(_ earlier: GreyImage, in box: Box, theSameAs picture: GreyImage) -> Bool {
        let least = settings.likeness + Self.earlier
        return earlier.likeness(of: box, to: picture.patch(in: box), atLeast: least).value >= least
    }

    /// The camera cannot see for now: nothing that stands is over, and nothing is known of it.
    public mutating func interrupt() {
        recent = []
        for index in stays.indices { hide(&stays[index]) }
    }

    /// The whole picture looks different from now on (day to infra-red, lamps): the detector must find what stands again
    /// before its look counts, and has a while for it.
    public mutating func appearanceChanged(at time: MediaTime) {
        interrupt()
        for index in stays.indices {
            stays[index].outdated = time
            stays[index].isDoubtful = false
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
        for (index, old) in stays.enumerated() {
            var stay = old
            let detection = owner.firstIndex(of: index).map { scene.detections[$0] }
            advance(&stay, detection, scene, owner: owner, hasOtherView: hasOtherView)
            if let end = end(of: stay, at: scene.time) {
                ended.append(end)
            } else {
                kept.append(stay)
            }
        }
        for index in kept.indices where kept[index].presence == .detected {
            let older = olderOverlapping(kept[index], among: kept)
            if !older.isEmpty, older.allSatisfy({ $0.presence == .detected }) { kept[index].looksBeside += 1 }
        }
        let twice = kept.filter { isDrawnTwice($0, among: kept) }
        ended += twice.map { Ended(stay: $0, at: scene.time) }
        stays = kept.filter { stay in !twice.contains { $0.id == stay.id } }
        for (index, detection) in scene.detections.enumerated() where owner[index] == nil {
            begin(detection, scene)
        }
        recent.append((scene.time, scene.picture, scene.detections.map(\.box)))
        if recent.count > Self.memory { recent.removeFirst() }
        return ended
    }

    private mutating func restore(at time: MediaTime, in whole: Patch) {
        let isComparable = view.map { $0.structure(whole) >= settings.comparable } ?? false
        stays += restored.compactMap { kept in
            let gap = time - kept.lastSeen
            let isVouched = gap <= Self.longestRestart
            guard gap >= 0, isVouched || reported.contains(kept.id) else { return nil }
            var stay = kept.stay(at: time, isVouched: isVouched)
            stay?.isDoubtful = !isVouched && isComparable
            return stay
        }
        restored = []
    }

    /// Whether it is another box around what has stood there longer: the detector has never found both in one look.
    private func isDrawnTwice(_ stay: StationaryObject, among all: [StationaryObject]) -> Bool {
        stay.looks >= 3 && stay.looksBeside < Self.distinctLooks
            && olderOverlapping(stay, among: all).contains(where: \.isVisible)
    }

    private func olderOverlapping(_ stay: StationaryObject, among all: [StationaryObject]) -> [StationaryObject] {
        all.filter {
            $0.id < stay.id && alike($0.objectClass, stay.objectClass) && $0.box.iou(stay.box) >= settings.looseOverlap
        }
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

    private func advance(
        _ stay: inout StationaryObject, _ detection: Detection?, _ scene: Scene, owner: [Int?], hasOtherView: Bool
    ) {
        if hasOtherView { stay.outdated = stay.outdated ?? scene.time }
        let least = detection == nil || stay.outdated != nil ? settings.likeness : settings.detectedLikeness
        let (likeness, now) = scene.picture.likeness(of: stay.box, to: stay.appearance, atLeast: least)
        let isSame =
            likeness >= settings.likeness || stay.usual.likeness(now) >= settings.likeness
            || likeness >= least && (detection.map { isSameVehicle($0, stay, now) } ?? false)
        let isAsBefore = detection == nil && isAsBefore(stay, now)
        if isSame, detection != nil || !isAsBefore && !isDenied(stay, now) {
            seen(&stay, detection, scene)
            learn(now, of: &stay)
            return
        }
        let isAnother =
            stay.isDoubtful && likeness < settings.another.likeness
            && scene.picture.structure(of: stay.box, to: stay.usual) < settings.another.structure
        if let outdated = stay.outdated, !isAnother {
            if detection != nil {
                seen(&stay, detection, scene)
                (stay.appearance, stay.usual) = (now, now)
                return
            }
            if scene.time - outdated <= Self.longestOutdated {
                hide(&stay)
                return
            }
        }
        if detection == nil, !isAsBefore, stay.appearance.remainder(in: now) >= settings.remainder {
            let since = stay.partlySeen ?? scene.time
            stay.partlySeen = since
            if scene.time - since <= Self.longestPartlySeen {
                hide(&stay)
                return
            }
        }
        // Found once in passing: that it was there in the pictures before was a likeness of the road with itself.
        if isAsBefore, stay.detections == 1 { stay.looks = 1 }
        // Something else is in the picture here: a passer-by before it, another vehicle in its place, or nothing.
        let before = scene.detections.indices.filter { index in
            let other = scene.detections[index]
            // What stood beside it when it was last seen did not come between.
            let stoodBefore = owner[index].map { stays[$0].since <= stay.lastSeen } ?? false
            return !stoodBefore && stay.box.covered(by: other.box) >= settings.cover
                && stay.box.iou(other.box) < settings.overlap
        }.map { scene.detections[$0].box }
        // A vehicle that rolls on by half its length covers the place in which it stood: what is left free of the place tells
        // whether the thing is still there.
        let remains = stay.appearance.remainder(in: now, of: stay.box, outside: scene.detections.map(\.box))
        if !before.isEmpty, remains ?? 1 > settings.leastRemains {
            hide(&stay)
            let isFull = scene.detections.contains { stay.box.covered(by: $0.box) >= settings.fullCover }
            stay.cover = isFull ? now : nil
            return
        }
        // The detector may miss what hides it, too.
        if let cover = stay.cover,
            scene.picture.likeness(of: stay.box, to: cover, atLeast: settings.likeness).value >= settings.likeness
        {
            hide(&stay)
            return
        }
        if let emptied = stay.emptied,
            scene.picture.likeness(of: stay.box, to: emptied.patch, atLeast: settings.likeness).patch
                .agrees(with: emptied.patch, atLeast: settings.likeness)
        {
            stay.emptied = (now, emptied.since, emptied.looks + 1)
        } else {
            stay.emptied = (now, scene.time, 1)
        }
        stay.presence = detection == nil ? .absent : .hidden
    }

    /// Whether a box around something that looks hardly alike is around the same thing in another light: it lies as the box did,
    /// or the slopes of its picture run as they did. Where cars follow one another, one look shows one and the next another.
    private func isSameVehicle(_ detection: Detection, _ stay: StationaryObject, _ now: Patch) -> Bool {
        detection.box.iou(stay.box) >= settings.sameBox
            || max(stay.appearance.structure(now), stay.usual.structure(now)) >= settings.another.structure
    }

    /// Whether its place looks as it did before the detector found it there, and clearly less as since then: a line of the
    /// road or a rail behind it is in both, and may be most of what the place looks like.
    private func isAsBefore(_ stay: StationaryObject, _ now: Patch) -> Bool {
        guard let before = stay.before, stay.outdated == nil else { return false }
        let since = max(stay.appearance.likeness(now), stay.usual.likeness(now))
        return settings.asBefore * (1 - before.likeness(now)) < 1 - since
    }

    /// Whether no part of it that has texture is where it was, and its slopes do not run as they did: ground that is as dark
    /// above and as bright below as a car correlates with it, and is none of it.
    private func isDenied(_ stay: StationaryObject, _ now: Patch) -> Bool {
        [stay.appearance, stay.usual].allSatisfy {
            $0.remainder(in: now) <= settings.leastRemains && $0.structure(now) < settings.another.structure
        }
    }

    /// Nothing is known of it, and looks that saw its place empty are no longer in a row.
    private func hide(_ stay: inout StationaryObject) {
        stay.presence = .hidden
        stay.emptied = nil
    }

    private func learn(_ now: Patch, of stay: inout StationaryObject) {
        let isSteady = stay.appearance.likeness(now) >= settings.steady.likeness
        stay.steadyLooks = isSteady ? stay.steadyLooks + 1 : 0
        if stay.usual.likeness(now) >= settings.steady.likeness || stay.steadyLooks >= settings.steady.looks {
            stay.usual = now
            stay.steadyLooks = 0
        }
        stay.appearance = now
    }

    private func seen(_ stay: inout StationaryObject, _ detection: Detection?, _ scene: Scene) {
        let time = scene.time
        if stay.isVisible { stay.seenSeconds += time - stay.lastSeen }
        stay.absence = stay.unseen(at: time)
        stay.lastSeen = time
        stay.looks += 1
        stay.unseenSince = time
        stay.outdated = nil
        stay.isDoubtful = false
        stay.emptied = nil
        stay.cover = nil
        stay.partlySeen = nil
        stay.presence = .unchanged
        if let detection {
            count(detection, of: &stay)
        } else if scene.unasked.contains(where: { $0.holds(stay.box.centre) }) {
            stay.unasked += 1
        }
    }

    private func count(_ detection: Detection, of stay: inout StationaryObject) {
        stay.presence = .detected
        stay.detections += 1
        stay.scoreSum += detection.score
        stay.bestScore = max(stay.bestScore, detection.score)
        stay.votes[detection.objectClass, default: 0] += detection.score
        stay.objectClass =
            stay.votes.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key ?? stay.objectClass
    }

    private func end(of stay: StationaryObject, at time: MediaTime) -> Ended? {
        guard stay.isEstablished else { return stay.isVisible ? nil : Ended(stay: stay, at: time) }
        let hasStood = stay.isDoubtful || stay.lastSeen - stay.since >= Self.long
        let looks = hasStood ? settings.emptyLooks.long : settings.emptyLooks.first
        guard let emptied = stay.emptied, emptied.looks >= looks else { return nil }
        return Ended(stay: stay, at: emptied.since)
    }

    private mutating func begin(_ detection: Detection, _ scene: Scene) {
        guard detection.score >= settings.birthScore else { return }
        // A part of something that already stands there is not a second object. A box that was drawn once around a whole
        // scene, which looks as it did ever since, is no such thing.
        let isPart = stays.contains {
            ($0.presence == .detected || $0.presence == .unchanged && $0.detectedShare >= IllegalParking.detectedShare)
                && alike($0.objectClass, detection.objectClass) && detection.box.covered(by: $0.box) > 0.8
        }
        guard !isPart else { return }
        // Another box around what the picture still shows, and the detector has not found otherwise.
        let drawnOtherwise = stays.indices.filter {
            (stays[$0].presence == .unchanged || stays[$0].partlySeen != nil)
                && alike(stays[$0].objectClass, detection.objectClass)
                && stays[$0].box.iou(detection.box) >= settings.looseOverlap
        }.max { stays[$0].box.iou(detection.box) < stays[$1].box.iou(detection.box) }
        if let drawnOtherwise {
            if stays[drawnOtherwise].isVisible { count(detection, of: &stays[drawnOtherwise]) }
            return
        }
        let appearance = scene.picture.patch(in: detection.box)
        defer { nextID += 1 }
        // The detector may find a thing a look late: the pictures before tell since when it has been there.
        let least = settings.likeness + Self.earlier
        let looks = recent + scene.past.map { ($0.time, $0.picture, []) }
        let shown = looks.map {
            $0.picture.likeness(of: detection.box, to: appearance, atLeast: least).value >= least
        }
        let since = zip(looks, shown).reversed().prefix { $1 }.last?.0.time ?? scene.time
        // What the oldest of them shows too was there before: a banner, a container, or a vehicle that was found late.
        let hasArrived = shown.first == false
        let before = zip(looks, shown).last { look, isShown in
            // Of a picture that the detector was not shown only its likeness tells.
            recent.contains { $0.time == look.time }
                ? !look.found.contains { $0.iou(detection.box) >= settings.looseOverlap } : !isShown
        }?.0
        stays.append(
            StationaryObject(
                id: nextID, objectClass: detection.objectClass, box: detection.box, since: since, lastSeen: scene.time,
                presence: .detected, seenSeconds: scene.time - since, looks: since < scene.time ? 2 : 1, detections: 1,
                bestScore: detection.score, hasArrived: hasArrived, unseenSince: scene.time,
                scoreSum: detection.score, votes: [detection.objectClass: detection.score], appearance: appearance,
                usual: appearance,
                before: before.map { $0.picture.patch(in: detection.box) }))
    }
}
