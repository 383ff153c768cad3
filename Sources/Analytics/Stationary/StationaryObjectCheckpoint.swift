public import Domain
import Foundation

/// What must be known of a stay so that its time goes on after a restart.
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

    init(_ stay: StationaryObject) {
        id = stay.id
        objectClass = stay.objectClass
        box = stay.box
        since = stay.since
        lastSeen = stay.lastSeen
        seenSeconds = stay.seenSeconds
        looks = max(2, stay.looks - stay.unasked)
        detections = stay.detections
        bestScore = stay.bestScore
        hasArrived = stay.hasArrived
        isDistinct = stay.looksBeside >= StationaryObjectTracker.distinctLooks
        scoreSum = stay.scoreSum
        appearance = stay.usual.data
    }

    /// The stay as it is at the first look after the restart: nothing has been seen of it yet.
    ///
    /// - Parameter isVouched: whether it gets the benefit of the doubt for what happened while nobody looked; else its time
    ///   begins anew, and its place may have another look by now.
    func stay(at time: MediaTime, isVouched: Bool) -> StationaryObject? {
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
