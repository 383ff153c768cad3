public import Domain

/// One thing that stood or lay somewhere in the picture, with what a rule has to know of it at any time since: small, and without
/// a picture.
public struct Stay: Sendable {
    /// Counts of the looks at it by a certain age; between two of them they are taken to grow evenly.
    struct Sample: Sendable {
        var at: MediaTime
        var seenSeconds: Double
        var looks: Int
        var unasked: Int
        var foundUnasked: Int
        var detections: Int
        var scoreSum: Double
    }

    /// A time in which a rule had nothing to see of it; without an end while it lasts.
    struct Gap: Sendable {
        let from: MediaTime
        var to: MediaTime?
    }

    /// Seconds of the first sample; the age of each further one is twice as high.
    private static let firstSample = 15.0
    /// Shorter gaps are the detector's, in seconds; beyond this number the shortest is forgotten.
    private static let leastGap = 5.0
    private static let mostGaps = 8

    /// Unique in its log, and never used again.
    public let number: Int
    public internal(set) var objectClass: ObjectClass
    public internal(set) var box: Box
    public let since: MediaTime
    /// Since when the place was seen without it; nil while it is there.
    public internal(set) var until: MediaTime?

    /// The id by which the tracker or the detector of things knows it.
    let id: Int
    /// The first look of which the log heard.
    let found: MediaTime
    var lastSeen: MediaTime
    /// Share of the picture, of a thing that lies there; nil for what stands.
    var area: Double?
    var certainty = 0.0
    var hasArrived = true
    var wasSeenToCome = false
    var looksBeside = 0
    private var samples: [Sample] = []
    private var latest: Sample
    private(set) var gaps: [Gap] = []

    /// What stands.
    init(_ object: StationaryObject, number: Int, at time: MediaTime) {
        self.number = number
        (id, objectClass, box, since, found) = (object.id, object.objectClass, object.box, object.since, time)
        (hasArrived, wasSeenToCome) = (object.hasArrived, object.wasSeenToCome)
        lastSeen = object.lastSeen
        latest = Sample(object, at: time)
        samples = [latest]
        update(object, at: time)
    }

    /// What lies on the ground.
    init(_ object: LeftObject, number: Int, at time: MediaTime) {
        self.number = number
        (id, objectClass, box, since, found) = (object.id, .object, object.box, object.since, time)
        lastSeen = object.lastSeen
        latest = Sample(at: time, seenSeconds: 0, looks: 0, unasked: 0, foundUnasked: 0, detections: 0, scoreSum: 0)
        update(object, at: time)
    }

    mutating func update(_ object: StationaryObject, at time: MediaTime) {
        (objectClass, box, lastSeen) = (object.objectClass, object.box, object.lastSeen)
        looksBeside = object.looksBeside
        latest = Sample(object, at: time)
        let due = samples.last.map { max(Self.firstSample, 2 * ($0.at - since)) } ?? 0
        if time - since >= due { samples.append(latest) }
        mark(object.isVisible, at: time, from: object.unseenSince)
    }

    mutating func update(_ object: LeftObject, at time: MediaTime) {
        (box, area, certainty, lastSeen) = (object.box, object.area, object.certainty, object.lastSeen)
        let speaks = object.isVisible && object.isThing && object.identity == .thing && object.doubt == nil
        // This look is in the gap; of what stands, the last one that showed it is not.
        mark(speaks, at: time, from: time + -0.001)
    }

    /// Keeps the times in which there was nothing to see.
    private mutating func mark(_ speaks: Bool, at time: MediaTime, from: MediaTime) {
        if let last = gaps.last, last.to == nil {
            guard speaks else { return }
            gaps[gaps.count - 1].to = time
            if time - last.from < Self.leastGap { gaps.removeLast() }
        } else if !speaks {
            gaps.append(Gap(from: from, to: nil))
            guard gaps.count > Self.mostGaps else { return }
            func length(_ index: Int) -> Double { (gaps[index].to ?? time) - gaps[index].from }
            if let shortest = gaps.indices.dropLast().min(by: { length($0) < length($1) }) { gaps.remove(at: shortest) }
        }
    }

    private func gap(at time: MediaTime) -> Gap? {
        gaps.first { $0.from < time && $0.to.map { time < $0 } ?? true }
    }

    private func counts(at time: MediaTime) -> Sample {
        let all = samples + [latest]
        guard let after = all.firstIndex(where: { $0.at >= time }) else { return latest }
        guard after > 0 else { return all[0] }
        let (a, b) = (all[after - 1], all[after])
        let share = b.at - a.at > 0 ? (time - a.at) / (b.at - a.at) : 1
        func between(_ x: Double, _ y: Double) -> Double { x + (y - x) * share }
        func between(_ x: Int, _ y: Int) -> Int { Int(between(Double(x), Double(y)).rounded()) }
        return Sample(
            at: time, seenSeconds: between(a.seenSeconds, b.seenSeconds), looks: between(a.looks, b.looks),
            unasked: between(a.unasked, b.unasked), foundUnasked: between(a.foundUnasked, b.foundUnasked),
            detections: between(a.detections, b.detections), scoreSum: between(a.scoreSum, b.scoreSum))
    }

    /// What stood there, as it was then.
    ///
    /// - Parameter previous: the look before.
    func standing(at time: MediaTime, after previous: MediaTime?) -> StationaryObject {
        let (counts, hidden) = (counts(at: time), gap(at: time))
        let ended = previous.flatMap { previous in
            gaps.first { gap in gap.to.map { $0 <= time && previous < $0 && hidden == nil } ?? false }
        }
        var object = StationaryObject(
            id: number, objectClass: objectClass, box: box, since: since, lastSeen: hidden?.from ?? min(time, lastSeen),
            presence: hidden == nil ? .detected : .hidden, seenSeconds: counts.seenSeconds, looks: counts.looks,
            detections: counts.detections,
            bestScore: counts.detections > 0 ? counts.scoreSum / Double(counts.detections) : 0,
            hasArrived: hasArrived, wasSeenToCome: wasSeenToCome, unseenSince: hidden?.from ?? time,
            scoreSum: counts.scoreSum, votes: [objectClass: counts.scoreSum], appearance: Self.nothing,
            usual: Self.nothing)
        (object.unasked, object.foundUnasked) = (counts.unasked, counts.foundUnasked)
        (object.asked, object.hinted) = (counts.looks - counts.unasked, counts.detections)
        object.looksBeside = looksBeside
        object.absence = ended.flatMap { gap in gap.to.map { $0 - gap.from } } ?? 0
        return object
    }

    /// The thing that lay there, as it was then.
    func lying(at time: MediaTime) -> LeftObject {
        let speaks = gap(at: time) == nil
        return LeftObject(
            id: number, box: box, area: area ?? 0, since: since, lastSeen: min(time, lastSeen), presence: .visible,
            isThing: speaks, certainty: certainty, identity: .thing)
    }

    /// No rule that is told of it looks at a picture.
    private static let nothing = Patch(values: [])
}

extension Stay.Sample {
    fileprivate init(_ object: StationaryObject, at time: MediaTime) {
        self.init(
            at: time, seenSeconds: object.seenSeconds, looks: object.looks, unasked: object.unasked,
            foundUnasked: object.foundUnasked, detections: object.detections, scoreSum: object.scoreSum)
    }
}
