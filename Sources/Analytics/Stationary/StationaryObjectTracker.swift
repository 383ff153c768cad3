public import Domain

/// Tracks stationary objects from looks that are seconds apart.
///
/// At one look in two seconds a moving vehicle is somewhere else each time, while a stationary one is exactly where it
/// was. So places are tracked, not motion: a stationary object is a box in which the same thing is seen again, by the
/// detector or, where the detector misses it, by comparing the picture.
public struct StationaryObjectTracker: Sendable {
    /// An object that has left, and since when its place was seen without it.
    public struct Ended: Sendable {
        public let object: StationaryObject
        public let at: MediaTime
    }

    /// Looks in which the detector must have found two overlapping boxes before they count as two objects: in a single
    /// look it draws a second box around one object, most of all around a turning vehicle.
    static let distinctLooks = 2

    /// Seconds from which an object has stood for long.
    private static let long = 60.0

    /// How long a visible part is evidence for the whole object, in seconds: after that it belongs to the ground.
    private static let longestPartlySeen = 120.0

    /// How long an object may be missed after the whole picture has changed, in seconds.
    private static let longestOutdated = 60.0

    /// How many looks back the arrival of an object is searched for in the pictures alone.
    private static let lookback = 3
    /// How many looks back the ground is searched for on which a doubted vehicle has come: two that agree, one in which it
    /// comes, and the lookback's delay of its first hint.
    private static let kept = 5
    /// How much more alike an earlier picture must be, of which the detector said nothing, than a second look at an object.
    private static let earlier = 0.1

    /// What stands.
    public var stationary: [StationaryObject] { all.filter { !$0.isUnsure } }
    /// What came and stands, and may be a vehicle.
    public var unsure: [StationaryObject] { all.filter(\.isUnsure) }
    var all: [StationaryObject] = []
    let settings: Settings
    var nextID = 1
    private var lastLook: MediaTime?
    /// Seconds between the last two looks.
    private var spacing = 0.0
    /// The whole picture of the last look.
    private(set) var view: Patch?
    /// The last pictures, with their detections.
    private(set) var recent: [(time: MediaTime, picture: GreyImage, found: [Box], hints: [Box])] = []

    /// Objects of an earlier run, until the first look.
    private var restored: [StationaryObjectCheckpoint]
    /// Those of them that rules have reported.
    private let reported: Set<Int>

    /// The longest outage, in seconds, over which the time of an object continues. A reported object is kept for any
    /// time: it ends when its place is seen without it.
    static let longestRestart = 300.0

    /// Seconds without a picture after which objects count as hidden; where looks are rarer anyway, twice their
    /// spacing.
    static let longestGap = 30.0

    /// - Parameter restored: the stationary objects at the end of the last run; their times must be of the same
    ///   timeline.
    public init(settings: Settings = Settings(), restored: WatchCheckpoint? = nil) {
        self.settings = settings
        self.restored = restored?.stationary ?? []
        reported = Set(restored?.reported ?? [])
        view = restored?.view.flatMap(Patch.init(data:))
        nextID = (self.restored.map(\.id).max() ?? 0) + 1
    }

    /// The state from which a later run resumes: every object that has stood for two looks and has not gone.
    public var checkpoints: [StationaryObjectCheckpoint] {
        all.filter(\.isEstablished).map(StationaryObjectCheckpoint.init) + restored
    }

    /// An object seems to have gone: the detector should look again, even if it has already judged such a picture.
    public var isInDoubt: Bool { stationary.contains { $0.isEstablished && $0.emptied != nil } }

    /// Whether all that stands is plainly there, and nothing of it needs another look soon.
    public var isCertain: Bool {
        restored.isEmpty
            && all.allSatisfy { !$0.isEstablished || $0.isVisible && $0.outdated == nil && !$0.isDoubtful }
    }

    /// The boxes in `scene` with which something may begin to stand: of them a look back is worth while.
    public func newcomers(in scene: Scene) -> [Box] {
        scene.detections.filter { detection in
            detection.score >= settings.birthScore && detection.objectClass.standsAndLeaves
                && !stationary.contains {
                    alike($0.objectClass, detection.objectClass) && $0.box.iou(detection.box) >= settings.looseOverlap
                }
        }.map(\.box)
    }

    /// Whether an earlier picture shows in `box` what `picture` shows there now.
    public func shows(_ earlier: GreyImage, in box: Box, theSameAs picture: GreyImage) -> Bool {
        let least = settings.likeness + Self.earlier
        return earlier.likeness(of: box, to: picture.patch(in: box), atLeast: least).value >= least
    }

    /// The camera cannot see for now: no object ends, and their presence is unknown.
    public mutating func interrupt() {
        recent = []
        for index in all.indices { hide(&all[index]) }
    }

    /// The whole picture looks different from now on (day to infra-red, lamps): the detector must find the objects
    /// again before their appearance counts, and has some time for it.
    public mutating func appearanceChanged(at time: MediaTime) {
        interrupt()
        for index in all.indices {
            all[index].outdated = time
            all[index].isDoubtful = false
        }
    }

    /// Processes one look; returns the objects that have gone.
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
        let hints = hints(in: scene, owner)
        let hinted = matchHints(hints, owner)
        var ended: [Ended] = []
        var kept: [StationaryObject] = []
        for (index, old) in all.enumerated() {
            var object = old
            let hint = hinted[index]
            let detection = owner.firstIndex(of: index).map { scene.detections[$0] } ?? (old.isUnsure ? hint : nil)
            advance(&object, detection, scene, owner: owner, hasOtherView: hasOtherView)
            // A hint does not count among the detections of what was detected once.
            if !old.isUnsure, hint != nil, object.isVisible { object.hinted += 1 }
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
        all = kept.filter { object in !twice.contains { $0.id == object.id } }
        for (index, detection) in scene.detections.enumerated() where owner[index] == nil {
            begin(detection, scene)
        }
        beginUnsure(hints, scene)
        recent.append((scene.time, scene.picture, scene.detections.map(\.box), hints.map(\.box)))
        if recent.count > Self.kept { recent.removeFirst() }
        return ended
    }

    private mutating func restore(at time: MediaTime, in whole: Patch) {
        let isComparable = view.map { $0.structure(whole) >= settings.comparable } ?? false
        all += restored.compactMap { kept in
            let gap = time - kept.lastSeen
            let isVouched = gap <= Self.longestRestart
            guard gap >= 0, isVouched || reported.contains(kept.id) else { return nil }
            var object = kept.object(at: time, isVouched: isVouched)
            object?.isDoubtful = !isVouched && isComparable
            return object
        }
        restored = []
    }

    /// Whether it is a second box around an object that has been there longer: the detector has never found both in one
    /// look.
    private func isDrawnTwice(_ object: StationaryObject, among all: [StationaryObject]) -> Bool {
        object.looks >= 3 && object.looksBeside < Self.distinctLooks
            && olderOverlapping(object, among: all).contains(where: \.isVisible)
    }

    private func olderOverlapping(_ object: StationaryObject, among all: [StationaryObject]) -> [StationaryObject] {
        all.filter {
            $0.id < object.id && (object.isUnsure || !$0.isUnsure) && alike($0.objectClass, object.objectClass)
                && $0.box.iou(object.box) >= settings.looseOverlap
        }
    }

    /// For each detection the index of the object it belongs to: best overlap first.
    private func match(_ detections: [Detection]) -> [Int?] {
        var pairs: [(iou: Double, detection: Int, object: Int)] = []
        for (d, detection) in detections.enumerated() {
            for (s, object) in all.enumerated()
            where !object.isUnsure && alike(detection.objectClass, object.objectClass) {
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

    func alike(_ a: ObjectClass, _ b: ObjectClass) -> Bool { a == b || a.isMotorVehicle && b.isMotorVehicle }

    private func advance(
        _ object: inout StationaryObject, _ detection: Detection?, _ scene: Scene, owner: [Int?], hasOtherView: Bool
    ) {
        if hasOtherView { object.outdated = object.outdated ?? scene.time }
        let least = detection == nil || object.outdated != nil ? settings.likeness : settings.detectedLikeness
        let (likeness, now) = scene.picture.likeness(of: object.box, to: object.appearance, atLeast: least)
        let isAlike =
            likeness >= settings.likeness || object.usual.likeness(now) >= settings.likeness
            || likeness >= least && (detection.map { isSameVehicle($0, object, now) } ?? false)
        let isSame = isAlike && (!object.isUnsure || standsStill(object, now))
        let isAsBefore = detection == nil && isAsBefore(object, now, scene)
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
        // Detected once in passing: its presence in the pictures before was a likeness of the road with itself.
        if isAsBefore, object.detections == 1 { object.looks = 1 }
        // The place shows something else: a passer-by before the object, another vehicle, or nothing.
        let before = scene.detections.indices.filter { index in
            let other = scene.detections[index]
            // An object that stood beside it when it was last seen has not moved in front of it.
            let stoodBefore = owner[index].map { all[$0].since <= object.lastSeen } ?? false
            return !stoodBefore && object.box.covered(by: other.box) >= settings.cover
                && object.box.iou(other.box) < settings.overlap
        }.map { scene.detections[$0].box }
        // A vehicle that rolls forward by half its length covers the place in which it stood: the uncovered part shows
        // whether the object is still there.
        let remains = object.appearance.remainder(in: now, of: object.box, outside: scene.detections.map(\.box))
        if !before.isEmpty, remains ?? 1 > settings.leastRemains {
            hide(&object, isPassed: true)
            let isFull = scene.detections.contains { object.box.covered(by: $0.box) >= settings.fullCover }
            object.cover = isFull ? now : nil
            return
        }
        // The detector may miss the occluder, too.
        if let cover = object.cover,
            scene.picture.likeness(of: object.box, to: cover, atLeast: settings.likeness).value >= settings.likeness
        {
            hide(&object, isPassed: true)
            return
        }
        if let emptied = object.emptied,
            isAsBefore && emptied.isGround
                || scene.picture.likeness(of: object.box, to: emptied.patch, atLeast: settings.likeness).patch
                    .agrees(with: emptied.patch, atLeast: settings.likeness)
        {
            object.emptied = (now, emptied.since, emptied.looks + 1, emptied.isGround || isAsBefore)
        } else if let emptied = object.emptied, emptied.isGround {
            // What passes over the empty place does not bring the object back.
            object.emptied?.patch = now
        } else {
            object.emptied = (now, scene.time, 1, isAsBefore)
        }
        object.presence = detection == nil ? .absent : .hidden
    }

    /// Whether a box around a barely similar picture belongs to the same vehicle in another light: it has the same
    /// position, or the gradients run as before. Where cars follow one another, consecutive looks show different ones.
    private func isSameVehicle(_ detection: Detection, _ object: StationaryObject, _ now: Patch) -> Bool {
        detection.box.iou(object.box) >= settings.sameBox
            || max(object.appearance.structure(now), object.usual.structure(now)) >= settings.another.structure
    }

    /// Whether the place looks as it did before the object was found there, and clearly less as it did since then: a
    /// road marking or a rail behind it is in both, and may dominate the appearance.
    private func isAsBefore(_ object: StationaryObject, _ now: Patch, _ scene: Scene) -> Bool {
        guard let before = object.before, object.outdated == nil else { return false }
        if object.isUnsure { return isEmptyAgain(object, now, before, scene) }
        let since = max(object.appearance.likeness(now), object.usual.likeness(now))
        return settings.asBefore * (1 - before.likeness(now)) < 1 - since
    }

    /// Whether none of its textured parts is where it was, and its gradients run differently: ground that is as dark
    /// above and as bright below as a car correlates with it, without showing it.
    private func isDenied(_ object: StationaryObject, _ now: Patch) -> Bool {
        [object.appearance, object.usual].allSatisfy {
            $0.remainder(in: now) <= settings.leastRemains && $0.structure(now) < settings.another.structure
        }
    }

    /// Its presence is unknown, and looks that saw its place empty are no longer consecutive.
    ///
    /// - Parameter isPassed: something is before the place: that the ground was seen there before stays so.
    private func hide(_ object: inout StationaryObject, isPassed: Bool = false) {
        object.presence = .hidden
        if !isPassed || object.emptied?.isGround != true { object.emptied = nil }
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

    func seen(_ object: inout StationaryObject, _ detection: Detection?, _ scene: Scene) {
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
        if let detection { count(detection, of: &object) }
        if scene.unasked.contains(where: { $0.holds(object.box.centre) }) {
            object.unasked += 1
            if detection != nil { object.foundUnasked += 1 }
        }
        // Hints are those of the whole picture, whichever part is looked into.
        object.asked += 1
    }

    func count(_ detection: Detection, of object: inout StationaryObject) {
        if object.isUnsure, detection.score >= settings.birthScore { object.becomeSure() }
        object.presence = .detected
        object.detections += 1
        object.hinted += 1
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
        // A part of an existing object is not a second object. A box drawn once around a whole scene, which has not
        // changed since, is no such object.
        let isPart = all.contains {
            !$0.isUnsure
                && ($0.presence == .detected
                    || $0.presence == .unchanged && $0.detectedShare >= IllegalParking.detectedShare)
                && alike($0.objectClass, detection.objectClass) && detection.box.covered(by: $0.box) > 0.8
        }
        guard !isPart else { return }
        // A different box around an object that the picture still shows and the detector has not refuted.
        let drawnOtherwise = all.indices.filter {
            !all[$0].isUnsure && (all[$0].presence == .unchanged || all[$0].partlySeen != nil)
                && alike(all[$0].objectClass, detection.objectClass)
                && all[$0].box.iou(detection.box) >= settings.looseOverlap
        }.max { all[$0].box.iou(detection.box) < all[$1].box.iou(detection.box) }
        if let drawnOtherwise {
            if all[drawnOtherwise].isVisible { count(detection, of: &all[drawnOtherwise]) }
            return
        }
        if confirm(by: detection, scene) { return }
        let appearance = scene.picture.patch(in: detection.box)
        defer { nextID += 1 }
        // The detector may find an object a look late: the pictures before show since when it has been there.
        let least = settings.likeness + Self.earlier
        let looks = recent.suffix(Self.lookback) + scene.past.map { ($0.time, $0.picture, [], []) }
        let shown = looks.map {
            $0.picture.likeness(of: detection.box, to: appearance, atLeast: least).value >= least
        }
        let since = zip(looks, shown).reversed().prefix { $1 }.last?.0.time ?? scene.time
        // An object that the oldest of them already shows was there before: a banner, a container, or a vehicle that
        // was found late.
        let hasArrived = shown.first == false
        // What passed a look before hides the road, or a part of it, and says nothing of how it looks when the object has gone.
        let past = lastGround(in: detection.box, before: scene)
        let loose = settings.looseOverlap
        let isFree = { (found: [Box]) in !found.contains { $0.iou(detection.box) >= loose } }
        let before =
            past.map { recent[$0.ground] }.flatMap { isFree($0.found) ? $0.picture : nil }
            ?? zip(looks, shown).reversed().first { look, isShown in
                // Of a picture that the detector was not shown only its likeness tells.
                recent.contains { $0.time == look.time } ? isFree(look.found) : !isShown
            }?.0.picture
        all.append(
            StationaryObject(
                id: nextID, objectClass: detection.objectClass, box: detection.box, since: since, lastSeen: scene.time,
                presence: .detected, seenSeconds: scene.time - since, looks: since < scene.time ? 2 : 1, detections: 1,
                bestScore: detection.score, hasArrived: hasArrived,
                wasSeenToCome: detection.objectClass.isMotorVehicle
                    && past.flatMap { arrival(of: detection.box, in: scene, after: $0) } != nil,
                unseenSince: scene.time,
                scoreSum: detection.score, votes: [detection.objectClass: detection.score], appearance: appearance,
                usual: appearance,
                before: before?.patch(in: detection.box)))
    }
}
