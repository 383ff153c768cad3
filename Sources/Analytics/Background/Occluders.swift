import Domain

/// Occluders: people and vehicles before the ground, from the detector.
struct Occluders: Sendable {
    /// Scores from which a person or vehicle counts as an occluder: faintly, and for certain. The detector takes bags
    /// for people and for cars, with low scores and the same box in each look; a real person with a low score moves.
    private static let faintScore = 0.3
    private static let certainScore = 0.55
    /// A person box that is not taller than wide is certain only from this score on: bags are easily taken for people,
    /// and people are taller than wide. A person who sits or bends scores low, and moves.
    static let certainWideScore = 0.75
    /// Ratio of height to width of a standing person.
    static let tall = 1.3
    /// Looks in which a low-score detection may look the same before it counts as an object, and the likeness that
    /// counts as the same.
    private static let faintLooks = 3
    private static let sameOverlap = 0.6
    private static let sameLikeness = 0.85
    /// The share of an occluder that must differ from the background: a container that is taken for a lorry hides
    /// nothing.
    private static let coverChange = 0.25
    private static let coverMargin = 0.08

    private struct Faint: Sendable {
        let box: Box
        let patch: Patch
        let since: MediaTime
        let looks: Int
        /// Looks since the last detection: low-score detections come and go.
        var missed = 0
    }

    private var faint: [Faint] = []

    /// Since when the detector has taken the content of `box` for a person with a low score; nil where it has not.
    func mistaken(in box: Box) -> MediaTime? {
        faint.first { $0.looks >= Self.faintLooks && $0.box.intersection(box) > 0 }?.since
    }

    /// Processes one look; returns people and vehicles, slightly enlarged, where the picture really differs from the
    /// background.
    mutating func update(with scene: Scene, stationary: [StationaryObject], over model: BackgroundModel) -> [Box] {
        var boxes: [Box] = []
        var faint: [Faint] = []
        for detection in scene.detections
        where detection.score >= Self.faintScore
            && detection.objectClass.standsAndLeaves
        {
            guard detection.score < Self.certainty(of: detection, over: model) else {
                boxes.append(detection.box)
                continue
            }
            let patch = scene.picture.patch(in: detection.box)
            let earlier = self.faint.first {
                $0.box.iou(detection.box) >= Self.sameOverlap && $0.patch.likeness(patch) >= Self.sameLikeness
            }
            let occluder = Faint(
                box: detection.box, patch: patch, since: earlier?.since ?? scene.time, looks: (earlier?.looks ?? 0) + 1)
            faint.append(occluder)
            if occluder.looks < Self.faintLooks { boxes.append(detection.box) }
        }
        for old in self.faint
        where old.missed < Self.faintLooks && !faint.contains(where: { $0.box.iou(old.box) > 0.3 }) {
            var old = old
            old.missed += 1
            faint.append(old)
        }
        self.faint = faint
        // The detector occasionally misses a vehicle that the picture still shows.
        for object in stationary
        where object.presence == .unchanged && object.objectClass.isMotorVehicle
            && object.meanScore >= Self.certainScore
        {
            boxes.append(object.box)
        }
        guard model.isReady else { return boxes.map { $0.grown(by: Self.coverMargin) } }
        return boxes.filter { differs(scene.picture, model, in: $0) }.map { $0.grown(by: Self.coverMargin) }
    }

    /// The score from which a detection is certain.
    private static func certainty(of detection: Detection, over model: BackgroundModel) -> Double {
        let shape = detection.box.height * Double(model.height) / max(1e-9, detection.box.width * Double(model.width))
        return detection.objectClass == .person && shape < tall ? certainWideScore : certainScore
    }

    private func differs(_ picture: GreyImage, _ model: BackgroundModel, in box: Box) -> Bool {
        let (width, height) = (model.width, model.height)
        let (left, right) = (max(0, Int(box.x * Double(width))), min(width, Int(box.maxX * Double(width)) + 1))
        let (top, bottom) = (max(0, Int(box.y * Double(height))), min(height, Int(box.maxY * Double(height)) + 1))
        guard left < right, top < bottom else { return false }
        var (different, now, then, count) = (0, 1, 1, 0)
        // The light around the box is the light in it.
        for y in max(0, top - 8)..<min(height, bottom + 8) {
            for x in max(0, left - 8)..<min(width, right + 8) where !(left..<right ~= x && top..<bottom ~= y) {
                now += Int(picture.pixels[y * width + x])
                then += Int(model.ground.luma.values[y * width + x])
            }
        }
        for y in top..<bottom {
            for x in left..<right {
                let expected = Int(model.ground.luma.values[y * width + x]) * now / then
                if abs(Int(picture.pixels[y * width + x]) - expected) > 18 { different += 1 }
                count += 1
            }
        }
        return Double(different) >= Self.coverChange * Double(count)
    }
}
