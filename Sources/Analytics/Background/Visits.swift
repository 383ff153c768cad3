import Domain

/// Where people and vehicles passed in the last minute: an object on the ground was brought by one of them.
struct Visits: Sendable {
    /// The score from which a detection counts: a missed person costs more than a false one.
    private static let score = 0.3
    /// Seconds for which a visit is kept.
    private static let memory = 60.0
    /// A detection that overlaps so far with one of the last looks has not moved: a parked car brings nothing. And how
    /// many looks are compared.
    private static let sameOverlap = 0.6
    private static let comparedLooks = 3

    private var visits: [(box: Box, time: MediaTime)] = []
    private var looks: [[Box]] = []

    /// Processes one look.
    mutating func update(with scene: Scene) {
        let boxes = scene.detections.filter { $0.score >= Self.score && $0.objectClass.standsAndLeaves }.map(\.box)
        visits.removeAll { scene.time - $0.time > Self.memory }
        if !looks.isEmpty {
            for box in boxes where !looks.contains(where: { $0.contains { $0.iou(box) >= Self.sameOverlap } }) {
                visits.append((box, scene.time))
            }
        }
        looks.append(boxes)
        if looks.count > Self.comparedLooks { looks.removeFirst() }
    }

    /// Whether a person came within reach of `box` at `time` or later: their own height to each side, which is a step
    /// or two, and half of it up and down the picture.
    ///
    /// - Parameter aspect: height of the picture divided by its width.
    func reached(_ box: Box, since time: MediaTime, aspect: Double) -> Bool {
        visits.contains { visit, seen in
            guard seen >= time else { return false }
            let (across, down) = (visit.height * aspect, visit.height / 2)
            return box.maxX > visit.x - across && box.x < visit.maxX + across
                && box.maxY > visit.y - down && box.y < visit.maxY + down
        }
    }
}
