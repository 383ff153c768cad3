public import Domain
import Foundation

extension LeftObjectDetector {
    /// Seconds after which light and street have changed too much for the ground to be compared with.
    private static let oldest = 7200.0

    /// What lies there, or may, under either appearance; what was kept, until the first look.
    public var lying: [LeftObject] {
        restored?.objects ?? (candidates + other.candidates).map(\.object)
    }

    /// Whether the ground has been learnt.
    public var isKnown: Bool { restored == nil && model?.isReady ?? false }

    /// What a later run needs to go on; nil while the ground is not known.
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

    /// Takes the kept ground back where the first look shows it.
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
        // The lamps may have come on, or the day, while nobody looked.
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
