/// A view known from an earlier run, and whether a picture shows it.
///
/// A single picture is compared, in unknown light and weather. Likeness alone says too little there: in infra-red the
/// same view had as little as 0.28, and two streets with many upright edges had 0.30. The criterion is that the edges
/// fit in one place and nowhere else.
struct KnownView: Sendable {
    enum Match: Sendable, Equatable {
        case same(likeness: Double)
        /// Points of the edge field, right and down.
        case shifted(dx: Int, dy: Int)
        /// Another view, not moving.
        case elsewhere
        /// Another view, moving.
        case turning
        /// Too little is visible.
        case unclear
    }

    /// Standard deviations by which the likeness in place exceeds that in impossible places, from which it is the same
    /// view, and from which it is so whatever the likeness. On 18 recorded clips, as they are and darkened, blurred,
    /// with noise, with fog and in infra-red, the same view had 3.8 at least (the next 4.8), and other views 3.3 at
    /// most (the next 2.5).
    private static let peak = (least: 3.5, sure: 5.0)
    /// Likeness below which a peak of the least height is chance, and from which a view is not a different one.
    private static let likeness = (least: 0.25, doubtful: 0.4)
    /// The least deviation: that of 700 points of plain pictures.
    private static let leastDeviation = 0.02
    /// Tolerated displacement of the camera, in points: it shakes, and presets are repeated with this precision.
    private static let shake = 3
    /// Impossible places of the view: far from its own, and not adjacent to one another.
    private static let elsewhere = stride(from: -20, through: 20, by: 4).flatMap { dy in
        stride(from: -36, through: 36, by: 6).map { dx in (dx: dx, dy: dy) }
    }.filter { max(abs($0.dx), abs($0.dy)) >= 8 }
    /// Share of its edges below which a picture may show the same view mostly in the dark.
    private static let visible = 0.25

    /// Mean likeness of the edges to themselves `step` points away, from which they are lines rather than noise: noise
    /// had 0.03 at most, recorded scenes 0.08 at least.
    private static let structure = 0.06
    private static let step = 3

    private static func coherence(_ edges: EdgeField, _ strong: [Int]) -> Double {
        let across = edges.likeness(to: edges, at: strong, dx: step, dy: 0)
        return (across + edges.likeness(to: edges, at: strong, dx: 0, dy: step)) / 2
    }

    /// The distribution of the likeness in impossible places.
    private struct Chance {
        private let mean: Double
        private let deviation: Double

        init(_ field: EdgeField, _ other: EdgeField, _ points: [Int]) {
            let values = KnownView.elsewhere.map { field.likeness(to: other, at: points, dx: $0.dx, dy: $0.dy) }
            mean = values.reduce(0, +) / Double(values.count)
            let square = values.reduce(0) { [mean] in $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
            deviation = max(KnownView.leastDeviation, square.squareRoot())
        }

        /// Standard deviations by which a likeness exceeds it.
        func peak(_ likeness: Double) -> Double { (likeness - mean) / deviation }
    }

    let checkpoint: ViewCheckpoint
    private let field: EdgeField
    private let points: [Int]
    private let some: [Int]

    init(_ checkpoint: ViewCheckpoint) {
        self.checkpoint = checkpoint
        points = checkpoint.points
        var x = [Float](repeating: 0, count: checkpoint.width * checkpoint.height)
        var y = x
        for (at, (cosine, sine)) in zip(points, zip(checkpoint.x, checkpoint.y)) {
            x[at] = Float(Int8(bitPattern: cosine)) / 127
            y[at] = Float(Int8(bitPattern: sine)) / 127
        }
        field = EdgeField(width: checkpoint.width, height: checkpoint.height, x: x, y: y)
        some = ReferenceView.some(of: points)
    }

    /// How well the edges fit in place, and by chance.
    private struct Fit {
        let likeness: Double
        let chance: Chance
        var peak: Double { chance.peak(likeness) }
        var isSame: Bool {
            peak >= KnownView.peak.sure
                || peak >= KnownView.peak.least && likeness >= KnownView.likeness.least
        }
    }

    /// Nil where the edges are of another picture size.
    private func fit(_ edges: EdgeField) -> Fit? {
        guard (edges.width, edges.height) == (field.width, field.height) else { return nil }
        let near = ReferenceView.best(field, edges, points, reach: (Self.shake, Self.shake))
        return Fit(likeness: near.likeness, chance: Chance(field, edges, some))
    }

    /// The likeness of the picture to the view; nil where it does not show it, without searching for other positions.
    func likeness(in edges: EdgeField) -> Double? { fit(edges).flatMap { $0.isSame ? $0.likeness : nil } }

    /// - Parameter previous: the edges of the previous look; nil where there was none.
    func match(_ edges: EdgeField, after previous: EdgeField?) -> Match {
        guard let fit = fit(edges) else { return .unclear }
        if fit.isSame { return .same(likeness: fit.likeness) }
        guard fit.peak < Self.peak.least, fit.likeness < Self.likeness.doubtful else { return .unclear }
        let strong = edges.strongest(above: ReferenceView.edge, most: ReferenceView.points.search)
        let isFaint = Double(edges.count(above: ReferenceView.edge)) < Self.visible * Double(checkpoint.edges)
        if isFaint {
            // The few edges may be all of the view that is visible at night.
            let rest = ReferenceView.best(edges, field, strong, reach: (Self.shake, Self.shake))
            guard Chance(edges, field, strong).peak(rest.likeness) < Self.peak.least else { return .unclear }
        }
        let far = ReferenceView.best(field, edges, some, reach: ReferenceView.reach)
        if max(abs(far.dx), abs(far.dy)) > Self.shake, fit.chance.peak(far.likeness) >= Self.peak.sure,
            far.likeness >= Self.likeness.least
        {
            return .shifted(dx: far.dx, dy: far.dy)
        }
        guard strong.count >= ReferenceView.points.least else { return .unclear }
        if let previous, edges.likeness(to: previous, at: strong) >= ReferenceView.same { return .elsewhere }
        return !isFaint && Self.coherence(edges, strong) >= Self.structure ? .turning : .unclear
    }
}

extension [KnownView] {
    /// Whether the picture shows the view as one of the checkpoints recorded it.
    func match(_ edges: EdgeField, after previous: EdgeField?) -> KnownView.Match {
        let matches = map { $0.match(edges, after: previous) }
        func likeness(_ match: KnownView.Match) -> Double? {
            if case .same(let likeness) = match { likeness } else { nil }
        }
        if let most = matches.compactMap(likeness).max() { return .same(likeness: most) }
        if matches.contains(.unclear) { return .unclear }
        return matches.first ?? .unclear
    }
}
