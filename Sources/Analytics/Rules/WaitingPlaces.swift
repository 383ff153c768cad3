import Domain

/// Places at which traffic waits: before a light, a gate, a crossing. Learnt from vehicles that stood there and left in turn,
/// that is, one near another or shortly after it, or with the next one soon in their place. Who parks leaves alone.
struct WaitingPlaces: Sendable {
    /// A stop of less is one in moving traffic, in seconds.
    private static let least = 6.0
    /// Seconds between two that leave in turn; vehicles start about 2 s after one another, and a look may be 3 s late.
    private static let turn = 12.0
    /// Seconds until the next one stands in a place that one has left in turn.
    private static let succession = 20.0
    /// Waits that make a place one at which traffic waits, and for how many seconds they are remembered: a quiet gate has a
    /// few in half an hour.
    private static let enough = 3
    private static let memory = 1800.0
    private static let most = 64
    /// Overlap (IoU) of the boxes of two that stood in one place.
    private static let samePlace = 0.3
    /// So many times the longest wait may be the next one.
    private static let patience = 1.5

    private struct Stop: Sendable {
        let box: Box
        let seconds: Double
        let left: MediaTime
        var isInTurn = false
    }

    private var stops: [Stop] = []

    /// A vehicle has left.
    mutating func left(_ object: StationaryObject, at time: MediaTime) {
        stops.removeAll { time - $0.left > Self.memory }
        let seconds = time - object.since
        guard seconds >= Self.least else { return }
        var stop = Stop(box: object.box, seconds: seconds, left: time)
        for index in stops.indices
        where abs(time - stops[index].left) <= Self.turn && stops[index].box.iou(object.box) < Self.samePlace
            && VehicleQueue.areNear(stops[index].box, object.box)
        {
            stops[index].isInTurn = true
            stop.isInTurn = true
        }
        stops = stops.suffix(Self.most - 1) + [stop]
    }

    /// A vehicle stands.
    mutating func came(_ object: StationaryObject) {
        for index in stops.indices
        where 0...Self.succession ~= object.since - stops[index].left
            && stops[index].box.iou(object.box) >= Self.samePlace
        {
            stops[index].isInTurn = true
        }
    }

    /// For how long a vehicle at this place may wait, in seconds; nil where traffic does not wait there.
    func patience(at box: Box, _ time: MediaTime) -> Double? {
        let waits = stops.filter {
            $0.isInTurn && time - $0.left <= Self.memory && $0.box.iou(box) >= Self.samePlace
        }
        guard waits.count >= Self.enough else { return nil }
        return waits.map(\.seconds).max().map { $0 * Self.patience }
    }
}
