public import Domain
import Foundation

/// An object that stands at one place; it remains the same while the detector misses it or it is hidden.
public struct StationaryObject: Sendable {
    public enum Presence: Sendable, Equatable {
        /// Detected in this look.
        case detected
        /// Missed by the detector, but the place looks as it did with the object in it.
        case unchanged
        /// Hidden by an occluder, or by passing traffic: its presence is unknown.
        case hidden
        /// The place looks different and nothing hides it.
        case absent
    }

    public let id: Int
    public internal(set) var objectClass: ObjectClass
    /// Its position; independent of the detector's jitter.
    public internal(set) var box: Box
    /// The first look at which it stood here.
    public internal(set) var since: MediaTime
    /// The newest look that showed it, by detector or by picture.
    public internal(set) var lastSeen: MediaTime
    public internal(set) var presence: Presence
    /// Seconds between consecutive looks that both showed it.
    public internal(set) var seenSeconds: Double
    /// Looks that showed the place, and those of them in which the detector found the object.
    public internal(set) var looks: Int
    public internal(set) var detections: Int
    /// Looks that showed the place but in which small objects there were not searched for, and those of them in which it was
    /// found all the same: what the whole picture shows now and then is no share of the looks that searched for it.
    var unasked = 0
    var foundUnasked = 0
    public internal(set) var bestScore: Double
    /// False if it was there before it was found, as in the very first picture: it may be a part of the scene that
    /// looks like a vehicle.
    public let hasArrived: Bool
    /// No detection has found it yet, only hints: a thing with a box and edges of its own that came while the camera looked and
    /// has stood still since, and that the network takes for a vehicle as doubtfully as it takes one in a hard picture.
    public internal(set) var isUnsure = false
    /// It was seen to come into its place, with a box and edges of its own, as one that only hints speak for must have been:
    /// then scores that are low for the most part say no more against it than they do of that.
    public internal(set) var wasSeenToCome = false
    /// Looks that showed the place since its first hint, and those of them in which the network took it for a vehicle, however
    /// doubtfully.
    var asked = 1
    var hinted = 1
    /// How long it had been unseen when this look showed it again, in seconds; 0 if the previous look showed it.
    public internal(set) var absence = 0.0
    /// Start of its absence: the newest look that showed it, or the first one after a restart.
    var unseenSince: MediaTime
    /// Since when the appearance of its place is invalid, because the whole picture looks different.
    var outdated: MediaTime?
    /// Unseen since before an outage in which another object may have taken its place, and the picture can tell.
    var isDoubtful = false
    /// Looks in which the detector found both it and every object that it overlaps.
    var looksBeside = 0
    var scoreSum: Double
    var votes: [ObjectClass: Double]
    /// The appearance of the place with the object in it.
    var appearance: Patch
    /// Its usual appearance, without headlights and passers-by, and the number of looks with a different one.
    var usual: Patch
    var steadyLooks = 0
    /// The appearance of the place in the last look without a detection; nil where there was none.
    var before: Patch?
    /// How bright the surroundings were then, 0…255; nil where that is not asked for.
    var lightBefore: Float?
    /// The appearance of the place in the last look that did not show the object; since when, in how many looks, and whether one
    /// of them showed the ground from before it came.
    var emptied: (patch: Patch, since: MediaTime, looks: Int, isGround: Bool)?
    /// The appearance of the place while nearly all of it is hidden by an occluder.
    var cover: Patch?
    /// Since when only a part of it is visible, without a known occluder.
    var partlySeen: MediaTime?

    /// Mean score over the looks that detected it, 0…1.
    public var meanScore: Double { detections > 0 ? scoreSum / Double(detections) : 0 }

    /// Share of the visible looks with a search in which it was detected, 0…1.
    public var detectedShare: Double {
        looks > unasked ? Double(detections - foundUnasked) / Double(looks - unasked) : 0
    }

    /// Share of the looks that asked for it in which the network at least hinted at it, 0…1.
    var hintedShare: Double { asked > 0 ? min(1, Double(hinted) / Double(asked)) : 0 }

    /// True once two looks showed it at the same place.
    public var isEstablished: Bool { looks >= 2 }

    /// How long it has been unseen, in seconds; time before a restart does not count.
    public func unseen(at time: MediaTime) -> Double { isVisible ? 0 : time - unseenSince }

    public var isVisible: Bool { presence == .detected || presence == .unchanged }
}

/// The state of a stationary object from which its time continues after a restart.
public struct StationaryObjectCheckpoint: Sendable, Codable, Equatable {
    /// Rules refer to it by this id.
    let id: Int
    public let objectClass: ObjectClass
    public let box: Box
    public let since: MediaTime
    public let lastSeen: MediaTime
    let seenSeconds: Double
    let looks: Int
    let detections: Int
    let bestScore: Double
    let hasArrived: Bool
    let isDistinct: Bool
    /// Nil in checkpoints of an older version, which knew no others.
    let isUnsure: Bool?
    let wasSeenToCome: Bool?
    let asked: Int?
    let hinted: Int?
    let scoreSum: Double
    /// Mean luma values of the place, rounded: enough to tell the same vehicle from another one.
    let appearance: Data

    init(_ object: StationaryObject) {
        id = object.id
        objectClass = object.objectClass
        box = object.box
        since = object.since
        lastSeen = object.lastSeen
        seenSeconds = object.seenSeconds
        looks = max(2, object.looks - object.unasked + object.foundUnasked)
        detections = object.detections
        bestScore = object.bestScore
        hasArrived = object.hasArrived
        isDistinct = object.looksBeside >= StationaryObjectTracker.distinctLooks
        isUnsure = object.isUnsure ? true : nil
        wasSeenToCome = object.wasSeenToCome ? true : nil
        (asked, hinted) = object.wasSeenToCome ? (object.asked, object.hinted) : (nil, nil)
        scoreSum = object.scoreSum
        appearance = object.usual.data
    }

    /// The object at the first look after the restart, before anything has been seen of it.
    ///
    /// - Parameter isVouched: whether it is assumed to have stood there during the outage; otherwise its time starts again
    ///   and the appearance of its place may have changed.
    func object(at time: MediaTime, isVouched: Bool) -> StationaryObject? {
        guard let patch = Patch(data: appearance) else { return nil }
        return StationaryObject(
            id: id, objectClass: objectClass, box: box, since: isVouched ? since : time, lastSeen: lastSeen,
            presence: .hidden, seenSeconds: isVouched ? seenSeconds + (time - lastSeen) : 0, looks: looks,
            detections: detections, bestScore: bestScore, hasArrived: hasArrived, isUnsure: isUnsure ?? false,
            wasSeenToCome: wasSeenToCome ?? false, asked: asked ?? looks, hinted: hinted ?? detections,
            unseenSince: time, outdated: isVouched ? nil : time, looksBeside: isDistinct ? VehicleQueue.looksBeside : 0,
            scoreSum: scoreSum,
            votes: [objectClass: scoreSum], appearance: patch, usual: patch)
    }
}
