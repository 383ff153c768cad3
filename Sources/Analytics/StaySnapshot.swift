/// What must be known of a stay so that its time goes on after a restart.
public struct StaySnapshot: Sendable, Codable, Equatable {
    public let objectClass: ObjectClass
    public let box: Box
    public let since: MediaTime
    public let lastSeen: MediaTime
    let seenSeconds: Double
    let looks: Int
    let detections: Int
    let bestScore: Double
    let hasArrived: Bool
    let scoreSum: Double
    /// Mean luma values of the place, rounded: enough to tell the same vehicle from another one.
    let appearance: [UInt8]

    init(_ stay: Stay) {
        objectClass = stay.objectClass
        box = stay.box
        since = stay.since
        lastSeen = stay.lastSeen
        seenSeconds = stay.seenSeconds
        looks = stay.looks
        detections = stay.detections
        bestScore = stay.bestScore
        hasArrived = stay.hasArrived
        scoreSum = stay.scoreSum
        appearance = stay.appearance.values.map { UInt8(max(0, min(255, $0.rounded()))) }
    }

    var patch: Patch { Patch(values: appearance.map(Float.init)) }
}
