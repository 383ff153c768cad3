import Domain

/// Places where traffic waits: before a light, a gate, a crossing. Learnt from vehicles that stood there and left in
/// turn, that is, close to or shortly after one another, or with a successor soon in their place. A parked car leaves
/// alone.
struct WaitingPlaces: Sendable {
    /// A shorter stop is moving traffic, in seconds.
    private static let least = 6.0
    /// Seconds between two departures in turn; vehicles start about 2 s after one another, and a look may be 3 s late.
    private static let turn = 12.0
    /// Seconds until the next vehicle stands in a place that one has left in turn.
    private static let succession = 20.0
    /// Number of waits that establish a place, and for how many seconds they are stored: a quiet gate has a few in half
    /// an hour.
    private static let enough = 3
    private static let memory = 1800.0
    private static let most = 64
    /// Overlap (IoU) of the boxes of two vehicles in the same place.
    private static let samePlace = 0.3
    /// The next wait may be this many times the longest one.
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

    /// How long a vehicle at this place may wait, in seconds; nil where traffic does not wait there.
    func patience(at box: Box, _ time: MediaTime) -> Double? {
        let waits = stops.filter {
            $0.isInTurn && time - $0.left <= Self.memory && $0.box.iou(box) >= Self.samePlace
        }
        guard waits.count >= Self.enough else { return nil }
        return waits.map(\.seconds).max().map { $0 * Self.patience }
    }
}
