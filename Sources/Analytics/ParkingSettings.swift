/// What counts as illegal parking in one zone.
public struct ParkingSettings: Sendable, Hashable, Codable {
    /// Seconds of standing after which it is a violation; 300 is the common local grace.
    public var dwell: Double
    /// Vehicle classes that count.
    public var classes: Set<ObjectClass>
    /// When stopping is forbidden.
    public var windows: TimeWindows
    /// For how long a vehicle may be hidden and still be the same one, in seconds.
    public var occlusion: Double
    /// From how many vehicles on, that came to rest shortly after one another, a queue is presumed; 0 never.
    public var queueVehicles: Int
    /// For how long a queue that does not move is taken for a queue, in seconds.
    public var queuePatience: Double

    public init(
        dwell: Double = 300, classes: Set<ObjectClass> = [.car, .bus, .truck], windows: TimeWindows = .always,
        occlusion: Double = 30, queueVehicles: Int = 3, queuePatience: Double = 300
    ) {
        self.dwell = dwell
        self.classes = classes
        self.windows = windows
        self.occlusion = occlusion
        self.queueVehicles = queueVehicles
        self.queuePatience = queuePatience
    }
}
