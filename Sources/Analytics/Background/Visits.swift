import Domain

/// Where people and vehicles came by in the last minute: what lies on the ground was brought by one of them.
struct Visits: Sendable {
    /// The score from which a detection counts: somebody who is taken for nobody costs more than the other way round.
    private static let score = 0.3
    /// Seconds for which a visit is kept.
    private static let memory = 60.0
    /// What overlaps so much with something of the last looks, of which so many are compared, has not moved: a parked car
    /// brings nothing.
    private static let sameOverlap = 0.6
    private static let comparedLooks = 3

    private var visits: [(box: Box, time: MediaTime)] = []
    private var looks: [[Box]] = []

    /// Takes one look.
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

    /// Whether somebody came within reach of `box` at `time` or later: their own height to each side, which is a step or two, and half of it
    /// up and down the picture.
    ///
    /// - Parameter aspect: height of the picture by its width.
    func reached(_ box: Box, since time: MediaTime, aspect: Double) -> Bool {
        visits.contains { visit, seen in
            guard seen >= time else { return false }
            let (across, down) = (visit.height * aspect, visit.height / 2)
            return box.maxX > visit.x - across && box.x < visit.maxX + across
                && box.maxY > visit.y - down && box.y < visit.maxY + down
        }
    }
}
