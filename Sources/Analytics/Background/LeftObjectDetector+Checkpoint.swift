public import Domain
import Foundation

extension LeftObjectDetector {
    /// Seconds after which light and street have changed too much for the background to be compared.
    private static let oldest = 7200.0

    /// The objects and candidates on the ground, under either appearance; those of the checkpoint until the first look.
    public var lying: [LeftObject] {
        restored?.objects ?? (candidates + other.candidates).map(\.object)
    }

    /// Whether the background has been learnt.
    public var isKnown: Bool { restored == nil && model?.isReady ?? false }

    /// The state from which a later run resumes; nil while the background is unknown.
    ///
    /// - Parameter time: of the newest look.
    public func checkpoint(at time: MediaTime) -> BackgroundCheckpoint? {
        if let restored { return restored }
        let now = model?.appearance(with: candidates.map(\.kept))
        let other =
            self.other.candidates.isEmpty
            ? nil : self.other.model?.appearance(with: self.other.candidates.map(\.kept))
        guard now != nil || other != nil else { return nil }
        return BackgroundCheckpoint(time: time, now: now, other: other)
    }

    /// Restores the checkpoint if the first look shows its background.
    mutating func restore(_ picture: ColourPicture, under scene: Scene) {
        guard let kept = restored else { return }
        restored = nil
        guard 0...Self.oldest ~= scene.time - kept.time else {
            restoration = .refused(.tooOld)
            return
        }
        let covers = scene.detections.filter { $0.objectClass.standsAndLeaves }.map(\.box)
        var found = [kept.now, kept.other].map { appearance in
            appearance.flatMap { appearance in
                BackgroundModel(appearance, for: picture).map {
                    (
                        model: $0,
                        candidates: appearance.candidates.compactMap { Candidate($0, count: picture.luma.count) }
                    )
                }
            }
        }
        // The lamps may have come on, or the day may have broken, during the outage.
        guard let index = found.firstIndex(where: { $0?.model.isResembled(under: covers) ?? false }),
            let now = found.remove(at: index)
        else {
            restoration = .refused(.otherView)
            return
        }
        restoration = .taken
        model = now.model
        candidates = now.candidates
        other = found.compactMap { $0 }.first.map { ($0.model, $0.candidates) } ?? (nil, [])
        nextID = ((candidates + other.candidates).map(\.object.id).max() ?? 0) + 1
    }
}

extension LeftObjectDetector.Candidate {
    var kept: BackgroundCheckpoint.Candidate {
        var runs: [Int] = []
        for pixel in pixels.sorted() {
            if let count = runs.last, runs[runs.count - 2] + count == pixel {
                runs[runs.count - 1] += 1
            } else {
                runs += [pixel, 1]
            }
        }
        return BackgroundCheckpoint.Candidate(
            object: object, runs: runs,
            appearance: Data(appearance.values.map { UInt8(max(0, min(255, $0.rounded()))) }), strength: strength,
            verdicts: verdicts, good: good, looks: looks, hiddenLooks: hiddenLooks, rejections: rejections,
            changedLooks: changedLooks, lookedAt: lookedAt)
    }

    /// Nil where it does not fit a picture of `count` pixels.
    init?(_ kept: BackgroundCheckpoint.Candidate, count: Int) {
        var pixels: [Int] = []
        guard kept.runs.count.isMultiple(of: 2) else { return nil }
        for index in stride(from: 0, to: kept.runs.count, by: 2) {
            let (first, length) = (kept.runs[index], kept.runs[index + 1])
            guard 0..<count ~= first, 1...count - first ~= length else { return nil }
            pixels += first..<first + length
        }
        guard !pixels.isEmpty, pixels.count <= count else { return nil }
        self.init(
            object: kept.object, pixels: pixels, appearance: Patch(values: kept.appearance.map(Float.init)),
            strength: kept.strength, verdicts: kept.verdicts, good: kept.good, looks: kept.looks,
            hiddenLooks: kept.hiddenLooks, emptied: nil, rejections: kept.rejections,
            changedLooks: kept.changedLooks, lookedAt: kept.lookedAt)
    }
}

/// What speaks against an object although it looks like one: the way it arrived, and movement.
extension LeftObjectDetector {
    /// What happened when something new was first seen.
    struct Arrival: Sendable {
        var lightChanged = false
        var somebodyCame = false
    }

    /// Seconds before it was first seen within which a change of light explains it (one look at the slowest rate), and
    /// within which the person who brought it must have been there (three looks, including the time they hid it).
    private static let lightLead = 3.0
    private static let visitLead = 10.0

    func arrival(of box: Box, since: MediaTime, in model: BackgroundModel) -> Arrival {
        Arrival(
            lightChanged: model.lightChanged(after: since + -Self.lightLead),
            somebodyCame: visits.reached(box, since: since + -Self.visitLead, aspect: aspect))
    }

    /// The likeness to itself that an object keeps while it only lies there, and the share of its pixels that may
    /// differ from the previous look, beyond that of its surroundings (a shaking camera, rain).
    private static let stillLikeness = 0.85
    private static let mostStirred = 0.25
    /// How many of the last five looks may be doubtful.
    static let mostDoubtfulLooks = 1

    /// Ratio of height to width from which it may be a standing person whom the detector misses in rain or by night,
    /// and the seconds after which no person would still look the same.
    private static let upright = 2.5
    private static let longestStill = 60.0

    /// Whether it is as upright as a standing person and has not been there for longer than a person stands still.
    func mayStand(_ candidate: Candidate, at time: MediaTime) -> Bool {
        let box = candidate.object.box
        return box.height * aspect >= Self.upright * box.width && time - candidate.object.since < Self.longestStill
    }

    func stirs(_ candidate: Candidate, in model: BackgroundModel) -> Bool {
        guard
            GreyImage(model.view.luma).patch(in: candidate.object.box).likeness(candidate.appearance)
                < Self.stillLikeness
        else { return false }
        var own = Plane(width: model.width, height: model.height)
        model.mark(candidate.object.box.grown(by: 0.5), in: &own)
        for pixel in candidate.pixels { own.values[pixel] = 2 }
        var (inside, around) = ((stirred: 0, all: 0), (stirred: 0, all: 0))
        for pixel in own.values.indices where own.values[pixel] != 0 && model.hidden.values[pixel] == 0 {
            let isStirred = Int(model.stirred.values[pixel])
            if own.values[pixel] == 2 {
                inside = (inside.stirred + isStirred, inside.all + 1)
            } else {
                around = (around.stirred + isStirred, around.all + 1)
            }
        }
        return Double(inside.stirred) / Double(max(1, inside.all))
            > Double(around.stirred) / Double(max(1, around.all)) + Self.mostStirred
    }
}
