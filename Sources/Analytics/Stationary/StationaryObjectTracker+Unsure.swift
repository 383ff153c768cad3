import Domain

/// Vehicles that the network doubts too much to detect them, above all without colour. A low score says nothing of a thing
/// that was always there: parts of houses and of other vehicles have it too. Of a thing that is seen to come, with a box of
/// its own, and to stand still, it says a lot: see `ObjectDetector.hintScore`.
extension StationaryObjectTracker {
    /// What has come into a box: least share of its parts that look different than before.
    private static let came = 0.5
    /// Below this share of them its place is as it was before: the line of a road that is in both does not keep it.
    static let stayed = came / 2
    /// The surroundings of a box, as a share of its size on each side.
    private static let around = 0.5
    /// Up to this share of what has changed in a box its surroundings may have changed: a vehicle ends with its box, while
    /// light, a crowd and a camera that moves do not.
    private static let besides = 0.5
    /// Below this luma there is hardly more than the noise of a sensor, which no light makes brighter.
    private static let black: Float = 8
    /// Share of a box from which something that passes covers a part of it: boxes of neighbours touch.
    private static let touched = 0.1
    /// Least overlap with a known vehicle at which a box is one around a part of that.
    private static let part = 0.5

    /// What may be vehicles, without those that belong to a known object; surest first.
    func hints(in scene: Scene, _ owner: [Int?]) -> [Detection] {
        let faint = zip(scene.detections, owner).filter { detection, owner in
            owner == nil && detection.objectClass.isMotorVehicle && detection.score < settings.birthScore
        }.map(\.0)
        return faint + scene.hints
    }

    /// The hints of objects that were seen to come and have no detection in this look, by their indices.
    func matchHints(_ hints: [Detection], _ owner: [Int?]) -> [Int: Detection] {
        var found: [Int: Detection] = [:]
        var free = hints
        for index in all.indices where all[index].wasSeenToCome && !owner.contains(index) {
            let best = free.indices.filter { all[index].box.iou(free[$0].box) >= settings.overlap }
                .max { all[index].box.iou(free[$0].box) < all[index].box.iou(free[$1].box) }
            if let best { found[index] = free.remove(at: best) }
        }
        return found
    }

    /// Begins what has just come. A hint in the place as it was before, or a known vehicle there, and it is none.
    mutating func beginUnsure(_ hints: [Detection], _ scene: Scene) {
        for hint in hints {
            let isKnown = all.contains {
                $0.box.iou(hint.box) >= settings.looseOverlap || hint.box.covered(by: $0.box) > Self.part
            }
            guard !isKnown, let ground = lastGround(in: hint.box, before: scene),
                let came = arrival(of: hint.box, in: scene, after: ground)
            else { continue }
            all.append(
                StationaryObject(
                    id: nextID, objectClass: hint.objectClass, box: hint.box, since: came.since, lastSeen: scene.time,
                    presence: .detected, seenSeconds: scene.time - came.since, looks: came.since < scene.time ? 2 : 1,
                    detections: 1, bestScore: hint.score, hasArrived: true, isUnsure: true, wasSeenToCome: true,
                    asked: came.since < scene.time ? 2 : 1, unseenSince: scene.time,
                    scoreSum: hint.score, votes: [hint.objectClass: hint.score], appearance: came.now, usual: came.now,
                    before: came.before, lightBefore: came.light))
            nextID += 1
        }
    }

    /// What a box shows and showed before, and the first look with it; nil where nothing with edges of its own has come
    /// that ends with the box.
    ///
    /// `light` is that of the surroundings before it came: see `GreyImage.light`. `ground` and `last`: see `lastGround`.
    func arrival(
        of box: Box, in scene: Scene, after look: (ground: Int, last: Int)
    ) -> (now: Patch, before: Patch, light: Float, since: MediaTime)? {
        let (ground, last) = look
        let now = scene.picture.patch(in: box)
        let without = recent[ground]
        let before = without.picture.patch(in: box)
        // A vehicle that still rolls has its box elsewhere.
        guard
            !recent[ground...last].contains(where: { look in
                (look.hints + look.found).contains { $0.iou(box) >= settings.overlap }
            }), now.structure(before) < settings.another.structure
        else { return nil }
        let surroundings = box.grown(by: Self.around)
        let changed = scene.picture.patch(in: surroundings).changedShares(
            in: without.picture.patch(in: surroundings), of: surroundings, inside: box)
        let light = without.picture.light(around: box, by: Self.around)
        let gain = self.gain(of: scene.picture, around: box, since: light)
        guard now.changedShare(in: before, gain: gain) >= Self.came, changed.outer <= Self.besides * changed.inner
        else { return nil }
        return (now, before, light, last + 1 < recent.count ? recent[last + 1].time : scene.time)
    }

    /// Of two lorries that pass a place one after the other a look may correlate, but not closely, and its edges run otherwise.
    func standsStill(_ object: StationaryObject, _ now: Patch) -> Bool {
        [object.appearance, object.usual].contains {
            $0.likeness(now) >= settings.steady.likeness || $0.structure(now) >= settings.another.structure
        }
    }

    /// Whether a place looks as it did before something doubted came there, in the light that there is now.
    func isEmptyAgain(_ object: StationaryObject, _ now: Patch, _ before: Patch, _ scene: Scene) -> Bool {
        let gain = object.lightBefore.map { self.gain(of: scene.picture, around: object.box, since: $0) } ?? 1
        return now.changedShare(in: before, gain: gain) < Self.stayed
    }

    /// How many times as bright the surroundings of a box are as they were.
    private func gain(of picture: GreyImage, around box: Box, since light: Float) -> Float {
        // Of a black picture nothing can be said.
        light >= Self.black ? picture.light(around: box, by: Self.around) / light : 1
    }

    /// The last look that shows in a box something else than this one, and the last one until then that shows there what the look
    /// before it showed: what stands still is the ground, or something that was there. Where the picture before shows something
    /// that passes, what is there now may be the road again.
    func lastGround(in box: Box, before scene: Scene) -> (ground: Int, last: Int)? {
        // From the newest on: where everything moves, the first comparison decides.
        let last = recent.lastIndex { !shows($0.picture, in: box, theSameAs: scene.picture) }
        guard let last else { return nil }
        let ground = recent.indices.prefix(last + 1).dropFirst().last { index in
            let (one, next) = (recent[index - 1], recent[index])
            return next.picture.patch(in: box).changedShare(in: one.picture.patch(in: box)) < Self.stayed
                && !passes(box, in: one.found, not: next.found) && !passes(box, in: next.found, not: one.found)
        }
        return ground.map { ($0, last) }
    }

    /// Whether something that only one of two looks found covers a part of a box: the tail of a car that passes changes too few
    /// parts to be told from ground by them.
    private func passes(_ box: Box, in found: [Box], not other: [Box]) -> Bool {
        found.contains { thing in
            box.covered(by: thing) >= Self.touched && !other.contains { $0.iou(thing) >= settings.overlap }
        }
    }

    /// Whether a detection is that of an unsure object, which is a vehicle then.
    mutating func confirm(by detection: Detection, _ scene: Scene) -> Bool {
        let place = all.firstIndex {
            $0.isUnsure && alike($0.objectClass, detection.objectClass)
                && $0.box.iou(detection.box) >= settings.looseOverlap
        }
        guard let place else { return false }
        guard all[place].isEstablished, all[place].isVisible else {
            // One look alone: what is detected begins by itself. What stood and is not seen now ends by itself.
            if !all[place].isEstablished { all.remove(at: place) }
            return false
        }
        let appearance = scene.picture.patch(in: detection.box)
        all[place].box = detection.box
        (all[place].appearance, all[place].usual, all[place].before) = (appearance, appearance, nil)
        count(detection, of: &all[place])
        return true
    }
}

extension StationaryObject {
    /// The first detection: what hints said does not count any more.
    mutating func becomeSure() {
        isUnsure = false
        (looks, detections, unasked, foundUnasked) = (2, 0, 0, 0)
        (scoreSum, bestScore, votes) = (0, 0, [:])
    }
}
