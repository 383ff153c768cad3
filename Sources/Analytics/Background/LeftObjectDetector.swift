public import Domain

/// Finds objects that were put down on the ground: they arrived, they do not move, they are neither people nor
/// vehicles, and no change of light explains them.
///
/// One instance for each camera, shared by the rules of its zones.
public struct LeftObjectDetector: Sendable {
    /// Sizes for a picture 320 pixels wide.
    private static let leastArea = 40
    private static let leastSide = 5
    /// Shares of the picture and of the bounding box; ratio of width to height.
    private static let largestArea = 0.06
    private static let leastFill = 0.34
    private static let mostAspect = 5.0
    /// The most objects tracked at a time: a larger number is weather.
    private static let mostObjects = 40
    /// The share of an object that may be covered, now and on average.
    private static let mostCovered = 0.35
    private static let mostHiddenLooks = 0.5
    /// Likeness from which an object that seems covered is not covered.
    private static let uncoveredLikeness = 0.85
    private static let likeness = 0.55
    /// An object is gone when fewer than this share of its pixels still differ, in so many looks.
    private static let goneShare = 0.35
    private static let goneLooks = 3
    /// Negative looks after which a candidate is absorbed into the background.
    private static let rejections = 8
    /// Seconds by which a part of smoke may be seen as an object before it is recognised as smoke.
    private static let smokeLead = 4.0

    struct Candidate: Sendable {
        var object: LeftObject
        var pixels: [Int]
        var appearance: Patch
        /// The share of its pixels that clearly stood out when it was new.
        var strength: Double
        var verdicts: [Bool] = []
        var good = 0
        var looks = 0
        var hiddenLooks = 0
        var emptied: (since: MediaTime, looks: Int)?
        var rejections = 0
        var changedLooks = 0
        /// The circumstances of its arrival.
        var arrival = Arrival()
        /// Whether something else was seen in its place before.
        var isReplaced = false
        /// The doubts of the last five looks.
        var doubts: [LeftObject.Doubt?] = []
        /// The age at the last verification, in seconds.
        var lookedAt: Double?

        func told(as presence: LeftObject.Presence) -> LeftObject {
            var object = object
            object.presence = presence
            return object
        }
    }

    var model: BackgroundModel?
    private var occluders = Occluders()
    var visits = Visits()
    /// The occluders of the last look.
    private var covering: [Box] = []
    private var hazes: [Box] = []
    /// The background under the other appearance, and the candidates found under it.
    var other: (model: BackgroundModel?, candidates: [Candidate]) = (nil, [])
    var candidates: [Candidate] = []
    var nextID = 1
    private let watched: [Box]
    /// Height of the picture divided by its width.
    var aspect = 1.0

    /// The checkpoint of an earlier run, until the first look.
    var restored: BackgroundCheckpoint?
    public internal(set) var restoration: BackgroundRestoration

    /// - Parameters:
    ///   - zones: where objects matter; elsewhere they are absorbed into the background.
    ///   - restored: the background at the end of the last run; its times must be of the same timeline.
    public init(zones: [Polygon], restored: BackgroundCheckpoint? = nil) {
        watched = zones.map(\.bounds)
        self.restored = restored
        restoration = restored == nil ? .none : .waiting
    }

    /// The whole picture looks different, as after a switch to infra-red. Each of the two appearances has its own
    /// background; objects found under the other one are neither gone nor new.
    public mutating func appearanceChanged() {
        let now = (model: model, candidates: candidates.filter(\.object.isThing))
        model = other.model
        candidates = other.candidates.map { candidate in
            var candidate = candidate
            candidate.emptied = nil
            return candidate
        }
        other = now
    }

    /// 1 in the pixels of objects that were put down; nil before the first look.
    var pixelsOfThings: Plane? {
        guard let model else { return nil }
        var plane = Plane(width: model.width, height: model.height)
        for candidate in candidates where candidate.object.isThing {
            for pixel in candidate.pixels { plane.values[pixel] = 1 }
        }
        return plane
    }

    /// Processes one look; returns the objects on the ground and, once more, those that have just gone.
    ///
    /// - Parameters:
    ///   - hazes: where smoke may cover the ground; the background is not updated there.
    ///   - plumes: smoke that is being tracked.
    public mutating func update(
        with scene: Scene, stationary: [StationaryObject], ended: [StationaryObjectTracker.Ended], hazes: [Box] = [],
        plumes: [Plume] = []
    ) -> [LeftObject] {
        guard let picture = ColourPicture(scene) else { return [] }
        restore(picture, under: scene)
        var model = self.model ?? BackgroundModel(picture)
        aspect = Double(picture.height) / Double(picture.width)
        self.model = nil
        let lost = forgetOtherShapes(than: picture, &model, at: scene.time)
        var keep = Plane(width: model.width, height: model.height)
        for candidate in candidates where candidate.rejections < Self.rejections {
            for pixel in candidate.pixels { keep.values[pixel] = 1 }
        }
        // An object that was there before the background was learnt is part of it: when it leaves, the background there
        // is new.
        for end in ended where Self.isBackground(end.object, in: model) {
            model.forget(end.object.box.grown(by: 0.1), except: keep)
        }
        for box in hazes { model.mark(box, in: &keep) }
        self.hazes = hazes
        visits.update(with: scene)
        covering = occluders.update(with: scene, stationary: stationary, over: model)
        model.update(with: picture, covers: covering, keep: keep, at: scene.time)
        defer { self.model = model }
        guard model.isReady else { return unseen + lost }
        let blobs = Blob.all(in: model.changed, least: Self.leastArea)
        var gone = follow(in: model, scene, under: plumes)
        begin(blobs, in: model, scene)
        for index in candidates.indices {
            judge(&candidates[index], in: model, scene.time)
            if candidates[index].object.isVisible { claim(&candidates[index], scene.detections) }
        }
        // Candidates that are explained by light or by a departure become background.
        for candidate in candidates where candidate.rejections >= Self.rejections { model.absorb(candidate.pixels) }
        gone += candidates.filter { $0.rejections >= Self.rejections }.map { $0.told(as: .gone(at: scene.time)) }
        candidates.removeAll { $0.rejections >= Self.rejections }
        return candidates.map(\.object) + unseen + gone + lost
    }

    /// Whether the object is part of the background. An unseen arrival is not enough: a pedestrian who walks by as the
    /// run begins, over a background that is already known, has none either.
    private static func isBackground(_ object: StationaryObject, in model: BackgroundModel) -> Bool {
        !object.hasArrived && GreyImage(model.ground.luma).patch(in: object.box).likeness(object.appearance) >= likeness
    }

    /// Drops backgrounds of another picture size; returns the objects on them, under either appearance.
    private mutating func forgetOtherShapes(
        than picture: ColourPicture, _ model: inout BackgroundModel, at time: MediaTime
    ) -> [LeftObject] {
        var lost: [Candidate] = []
        if model.width != picture.width || model.height != picture.height {
            lost += candidates
            (model, candidates) = (BackgroundModel(picture), [])
        }
        if let known = other.model, known.width != picture.width || known.height != picture.height {
            lost += other.candidates
            other = (nil, [])
        }
        return lost.map { $0.told(as: .lost(at: time)) }
    }

    /// The background model as a burst frame shows it; nil while the background is unknown. Nothing is learnt from it.
    func take(burstFrame scene: Scene) -> BackgroundModel? {
        guard var model, model.isReady, let picture = ColourPicture(scene), picture.width == model.width,
            picture.height == model.height
        else { return nil }
        model.update(
            with: picture, covers: covering, keep: Plane(width: model.width, height: model.height),
            at: scene.time)
        return model
    }

    /// The objects found under the other appearance.
    private var unseen: [LeftObject] {
        other.candidates.map { $0.told(as: .hidden) }
    }

    /// Updates the known candidates: still there, hidden or gone. Returns those that have gone.
    private mutating func follow(in model: BackgroundModel, _ scene: Scene, under plumes: [Plume]) -> [LeftObject] {
        var gone: [LeftObject] = []
        var kept: [Candidate] = []
        for old in candidates {
            var candidate = old
            var (hidden, foreground) = (0, 0)
            for pixel in candidate.pixels {
                if model.hidden.values[pixel] != 0 {
                    hidden += 1
                } else if model.foreground.values[pixel] != 0 {
                    foreground += 1
                }
            }
            let visible = candidate.pixels.count - hidden
            candidate.looks += 1
            // An object that seems covered but looks as before is not covered: large boxes reach over objects beside a
            // lorry.
            let isCovered =
                Double(hidden) > Self.mostCovered * Double(candidate.pixels.count)
                && scene.picture.patch(in: candidate.object.box).likeness(candidate.appearance) < Self.uncoveredLikeness
            if isCovered || isSmoke(candidate, plumes) {
                candidate.object.presence = .hidden
                candidate.hiddenLooks += 1
                kept.append(candidate)
                continue
            }
            if visible * 2 > candidate.pixels.count,
                Double(foreground) < Self.goneShare * candidate.strength * Double(visible)
            {
                let empty = candidate.emptied ?? (scene.time, 0)
                candidate.emptied = (empty.since, empty.looks + 1)
                candidate.object.presence = .hidden
                if empty.looks + 1 >= Self.goneLooks || !candidate.object.isThing {
                    gone.append(candidate.told(as: .gone(at: empty.since)))
                } else {
                    kept.append(candidate)
                }
                continue
            }
            candidate.emptied = nil
            candidate.object.presence = .visible
            candidate.object.lastSeen = scene.time
            kept.append(candidate)
        }
        candidates = kept
        return gone
    }

    /// Whether it arrived together with smoke at its place: then nothing can be concluded until the smoke has gone.
    private func isSmoke(_ candidate: Candidate, _ plumes: [Plume]) -> Bool {
        !candidate.object.isThing
            && plumes.contains {
                $0.box.holds(candidate.object.box.centre) && candidate.object.since - $0.since >= -Self.smokeLead
            }
    }

    /// Blobs without a candidate start one; those that touch a candidate make it grow.
    private mutating func begin(_ blobs: [Blob], in model: BackgroundModel, _ scene: Scene) {
        var owner = [Int](repeating: -1, count: model.ground.luma.count)
        for (index, candidate) in candidates.enumerated() {
            for pixel in candidate.pixels { owner[pixel] = index }
        }
        for blob in blobs {
            var overlaps: [Int: Int] = [:]
            for pixel in blob.pixels where owner[pixel] >= 0 { overlaps[owner[pixel], default: 0] += 1 }
            if let (index, _) = overlaps.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) {
                grow(index, to: blob, in: model, scene)
                continue
            }
            guard isPlausible(blob, in: model), candidates.count < Self.mostObjects else { continue }
            let box = blob.box(in: model.ground.luma)
            guard watched.contains(where: { $0.intersection(box) > 0 }) else { continue }
            if adopt(blob, box, in: model) { continue }
            var since = model.since(blob.pixels) ?? scene.time
            if let seen = occluders.mistaken(in: box) { since = min(since, seen) }
            candidates.append(
                Candidate(
                    object: LeftObject(
                        id: nextID, box: box, area: Double(blob.area) / Double(model.ground.luma.count),
                        since: min(since, scene.time), lastSeen: scene.time, presence: .visible, isThing: false,
                        certainty: 0, identity: .unknown),
                    pixels: blob.pixels, appearance: GreyImage(model.view.luma).patch(in: box),
                    strength: Self.strength(of: blob.pixels, in: model), looks: 1,
                    arrival: arrival(of: box, since: since, in: model)))
            nextID += 1
        }
    }

    /// An object that was known under the other appearance is the same one.
    private mutating func adopt(_ blob: Blob, _ box: Box, in model: BackgroundModel) -> Bool {
        guard let index = other.candidates.firstIndex(where: { $0.object.box.iou(box) >= 0.3 }) else { return false }
        var candidate = other.candidates.remove(at: index)
        candidate.pixels = blob.pixels
        candidate.appearance = GreyImage(model.view.luma).patch(in: box)
        candidate.strength = Self.strength(of: blob.pixels, in: model)
        candidate.emptied = nil
        candidates.append(candidate)
        return true
    }

    private static func strength(of pixels: [Int], in model: BackgroundModel) -> Double {
        Double(pixels.count { model.foreground.values[$0] != 0 }) / Double(max(1, pixels.count))
    }

    private func isPlausible(_ blob: Blob, in model: BackgroundModel) -> Bool {
        let aspect = Double(max(blob.width, blob.height)) / Double(min(blob.width, blob.height))
        return min(blob.width, blob.height) >= Self.leastSide && blob.fill >= Self.leastFill
            && aspect <= Self.mostAspect && Double(blob.area) <= Self.largestArea * Double(model.ground.luma.count)
    }

    /// Whether the same object is still there; where two looks in a row deny it, it is another one and its time starts
    /// again: otherwise different lorries in one place would add up.
    private func looksTheSame(_ candidate: inout Candidate, in model: BackgroundModel, _ time: MediaTime) -> Bool {
        let now = GreyImage(model.view.luma).patch(in: candidate.object.box)
        guard now.likeness(candidate.appearance) < Self.likeness else {
            candidate.changedLooks = 0
            return true
        }
        candidate.changedLooks += 1
        if candidate.changedLooks >= 2 {
            candidate.object.since = time
            candidate.isReplaced = true
            candidate.arrival = arrival(of: candidate.object.box, since: time, in: model)
            candidate.object.identity = .unknown
            candidate.lookedAt = nil
            candidate.appearance = now
            candidate.changedLooks = 0
            candidate.verdicts = []
        }
        return false
    }

    private mutating func grow(_ index: Int, to blob: Blob, in model: BackgroundModel, _ scene: Scene) {
        let before = candidates[index].pixels.count
        // Young candidates fill up as their pixels gather evidence; later growth is something that was added. Smoke
        // over a pile does not make it larger.
        let box = candidates[index].object.box
        guard blob.area > before, isPlausible(blob, in: model), !hazes.contains(where: { $0.intersection(box) > 0 })
        else { return }
        guard looksTheSame(&candidates[index], in: model, scene.time) else { return }
        let known = Set(candidates[index].pixels)
        let added = blob.pixels.filter { !known.contains($0) }
        candidates[index].pixels += added
        candidates[index].strength = Self.strength(of: candidates[index].pixels, in: model)
        candidates[index].object.box = blob.box(in: model.ground.luma).union(box)
        candidates[index].object.area = Double(candidates[index].pixels.count) / Double(model.ground.luma.count)
        candidates[index].appearance = GreyImage(model.view.luma).patch(in: candidates[index].object.box)
    }

    private func judge(_ candidate: inout Candidate, in model: BackgroundModel, _ time: MediaTime) {
        guard candidate.object.isVisible else { return }
        let box = candidate.object.box
        let isSame = looksTheSame(&candidate, in: model, time)
        let evidence = ForegroundEvidence(of: candidate.pixels, box: box, in: model)
        let isGood =
            isSame && evidence.speaksForThing
            && Double(candidate.hiddenLooks) <= Self.mostHiddenLooks * Double(candidate.looks)
        let somebodyCame = candidate.arrival.somebodyCame
        let isSurface = isGood && SurfaceEvidence(of: candidate.pixels, box: box, in: model).isSurface
        let isLight = candidate.arrival.lightChanged && !(somebodyCame && evidence.outlastsLight)
        // An object does not turn into something else by itself: clouds, foliage and water do.
        let isRestless = candidate.isReplaced && !somebodyCame
        candidate.verdicts.append(isGood)
        if candidate.verdicts.count > 5 { candidate.verdicts.removeFirst() }
        candidate.good += isGood ? 1 : 0
        candidate.object.isThing = candidate.verdicts.count { $0 } >= 3
        let visible = max(1, candidate.looks - candidate.hiddenLooks)
        candidate.object.certainty = min(1, Double(candidate.good) / Double(visible))
        // The background is not updated where smoke may cover it.
        let isHazy = hazes.contains { $0.intersection(candidate.object.box) > 0 }
        let isThing = isGood && !isLight && !isRestless && !isSurface
        candidate.rejections = isThing ? 0 : candidate.rejections + (isHazy ? 0 : 1)
        let isAlive = isRestless || mayStand(candidate, at: time) || stirs(candidate, in: model)
        candidate.doubts.append(isLight ? .light : isSurface ? .surface : isAlive ? .stirs : nil)
        if candidate.doubts.count > 5 { candidate.doubts.removeFirst() }
        candidate.object.doubt = [.light, .surface, .stirs].first { doubt in
            candidate.doubts.count { $0 == doubt } > Self.mostDoubtfulLooks
        }
    }
}
