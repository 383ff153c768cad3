import Domain

/// Places where something appeared that looked like a thing and went again, with nobody near when it came nor when it went:
/// what the sky shows in a pane, wet ground, leaves.
///
/// Refuse is brought and taken away. So what appears at such a place once more is nothing, unless somebody came.
struct RecurringChanges: Sendable {
    /// One place, as it is kept.
    struct Place: Sendable, Codable, Equatable {
        var box: Box
        /// When it last changed back.
        var time: MediaTime
    }

    /// Seconds after which a place counts as any other: the same sun comes back after a day, and is late some days.
    private static let memory = 3 * 86_400.0
    /// Places that are kept; the oldest make room.
    private static let capacity = 64
    /// Around a place, as a share of its size, and how much of what appears must lie there: a reflection moves with the sun.
    private static let surroundings = 0.5
    private static let cover = 0.5

    private(set) var places: [Place] = []

    init(_ kept: [Place] = []) { places = kept.suffix(Self.capacity) }

    /// Something went from `box` as it had come.
    mutating func note(_ box: Box, at time: MediaTime) {
        places.removeAll { time - $0.time > Self.memory || $0.box.iou(box) >= Self.cover }
        places.append(Place(box: box, time: time))
        if places.count > Self.capacity { places.removeFirst() }
    }

    func holds(_ box: Box, at time: MediaTime) -> Bool {
        places.contains {
            time - $0.time <= Self.memory && box.covered(by: $0.box.grown(by: Self.surroundings)) >= Self.cover
        }
    }
}
