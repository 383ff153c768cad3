public import Domain
import Foundation

/// An object that stands at one place: it may be missed by the detector or hidden for a while and is still the same.
public struct StationaryObject: Sendable {
    public enum Presence: Sendable, Equatable {
        /// The detector saw it in this look.
        case detected
        /// The detector missed it, but the place looks as it did with the object in it.
        case unchanged
        /// Something stands before it, or something passes: nothing is known.
        case hidden
        /// The place looks different and nothing is in front of it.
        case absent
    }

    public let id: Int
    public internal(set) var objectClass: ObjectClass
    /// Where it stands; does not move with the detector's jitter.
    public internal(set) var box: Box
    /// The first look at which it stood here.
    public internal(set) var since: MediaTime
    /// The newest look that showed it, by detector or by picture.
    public internal(set) var lastSeen: MediaTime
    public internal(set) var presence: Presence
    /// Seconds between consecutive looks that both showed it.
    public internal(set) var seenSeconds: Double
    /// Looks that showed the place, and those among them in which the detector found the object.
    public internal(set) var looks: Int
    public internal(set) var detections: Int
    /// Looks that showed the place and in which the detector was not asked for what is small there.
    var unasked = 0
    public internal(set) var bestScore: Double
    /// False where it stood there before it was found, as in the very first picture: it may be a part of the scene that looks
    /// like a vehicle.
    public let hasArrived: Bool
    /// How long nothing had been seen of it when this look showed it again, in seconds; 0 where the look before did.
    public internal(set) var absence = 0.0
    /// From when its absence counts: the newest look that showed it, or the first one after a restart.
    var unseenSince: MediaTime
    /// Since when the look of its place no longer holds, because the whole picture looks different.
    var outdated: MediaTime?
    /// Not seen since before an outage in which another may have taken its place, and the picture can tell.
    var isDoubtful = false
    /// Looks in which the detector has found both it and all that it overlaps.
    var looksBeside = 0
    var scoreSum: Double
    var votes: [ObjectClass: Double]
    /// What the place looks like with the object in it.
    var appearance: Patch
    /// What it looks like when headlights and passers-by leave it alone, and for how many looks it has had another look.
    var usual: Patch
    var steadyLooks = 0
    /// What the place looked like in the last look in which the detector had not found it; nil where there was none.
    var before: Patch?
    /// What it looked like in the last look that did not show the object.
    var emptied: (patch: Patch, since: MediaTime, looks: Int)?
    /// What it looks like while something else stands before nearly all of it.
    var cover: Patch?
    /// Since when only a part of it can be seen, with nothing known before it.
    var partlySeen: MediaTime?

    /// Mean score over the looks that detected it, 0…1.
    public var meanScore: Double { detections > 0 ? scoreSum / Double(detections) : 0 }

    /// Share of the visible looks in which the detector was asked and found it, 0…1.
    public var detectedShare: Double { looks > unasked ? Double(detections) / Double(looks - unasked) : 0 }

    /// True once two looks showed it at the same place.
    public var isEstablished: Bool { looks >= 2 }

    /// For how long nothing has been seen of it, in seconds; a restart does not count.
    public func unseen(at time: MediaTime) -> Double { isVisible ? 0 : time - unseenSince }

    public var isVisible: Bool { presence == .detected || presence == .unchanged }
}

/// The state of a stationary object from which its time continues after a restart.
public struct StationaryObjectCheckpoint: Sendable, Codable, Equatable {
    /// Rules know it by this.
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
        looks = max(2, object.looks - object.unasked)
        detections = object.detections
        bestScore = object.bestScore
        hasArrived = object.hasArrived
        isDistinct = object.looksBeside >= StationaryObjectTracker.distinctLooks
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
            detections: detections, bestScore: bestScore, hasArrived: hasArrived, unseenSince: time,
            outdated: isVouched ? nil : time, looksBeside: isDistinct ? VehicleQueue.looksBeside : 0,
            scoreSum: scoreSum,
            votes: [objectClass: scoreSum], appearance: patch, usual: patch)
    }
}
