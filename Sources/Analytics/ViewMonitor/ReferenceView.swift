import Domain

/// The normal view of a camera, and how a picture compares with it.
///
/// Constant edges are learnt as a running mean: moving objects fade out, fixed ones remain. The figures below were
/// chosen on recorded street scenes; likeness is always compared with the usual one of this camera.
struct ReferenceView: Sendable {
    /// The comparison of one picture with the view.
    enum Impression: Sendable, Equatable {
        /// Too little has been learnt, or the view has too little structure.
        case unknown
        case usual
        /// A part of the view is hidden, the rest is where it was.
        case partlyHidden
        /// The same view, all of it looking different.
        case changed
        case black
        case covered(String)
        /// Nothing of the view is in its place, and the picture moves.
        case lost
        case outOfFocus(share: Double)
        /// Points of the edge field, right and down.
        case shifted(dx: Int, dy: Int)
        /// Nothing of the view is in its place, and the picture does not move.
        case elsewhere
        /// The camera turned or zoomed before its view was learnt, and has not kept to one view since.
        case turning
        /// The camera has kept to one view: that is the view to learn.
        case settled
    }

    /// Seconds over which the view is learnt.
    private static let memory = 80.0
    /// Looks that are learnt before anything is judged.
    private static let firstLooks = 8
    /// Squared weight from which an edge belongs to the view, and how many points of it are compared.
    static let edge: Float = 0.15
    static let points = (least: 150, most: 2000, search: 700)
    /// Usual likeness below which a view has too few constant edges.
    private static let leastUsual = 0.35
    /// Share of the usual likeness from which a picture shows the usual view; the lowest on recorded scenes with rain,
    /// noise, shaking and exposure steps was 0.65.
    private static let usualShare = 0.5
    /// Points (of two pixels) by which a camera may shake.
    private static let shake = 2
    /// Search range for a moved view, in points: a quarter of the width, and of a wide picture's height.
    static let reach = (x: 40, y: 22)
    /// Likeness rarely reached by chance.
    private static let chance = 0.15
    /// Likeness of two pictures of one view.
    static let same = 0.5
    /// Looks after which their mean can be recognised, and seconds for which a camera that has turned must keep to a
    /// view until that is learnt: one that patrols its presets stays for less.
    private static let leastLooks = 4
    private static let acceptance = 60.0
    /// Points of a tile's side.
    private static let tile = 16
    /// Luma levels between cells: less is a plain picture, whatever was learnt.
    private static let plain = 1.2
    /// Mean luma below which a plain picture is black rather than covered.
    private static let dark = 45.0
    /// Shares of the usual sharpness below which a picture is out of focus: at the learnt edges, where noise does not
    /// count, and over the whole picture, where a lorry before the edges does not.
    private static let focus = (edges: 0.5, whole: 0.35)
    /// The same contrast over two pixels and over two cells of eight, for a picture without any detail.
    private static let smooth = 0.25

    private var edges: EdgeField?
    private var cells: CellMeans?
    private var points: [Int] = []
    private var looks = 0
    private var usual: Double?
    private var energy = 0.0
    private var edgeSharpness: Double?
    private var sharpness: Double?
    private var last: MediaTime?
    private var previous: EdgeField?
    /// Whether two consecutive looks were alike: then the edges are structure, not noise.
    private var hasStood = false
    /// Since when the view has been constant, after the camera turned before its view was known.
    private var settledSince: MediaTime?

    mutating func forget() { self = ReferenceView() }

    /// Whether enough has been learnt to judge a picture.
    var isKnown: Bool {
        looks >= Self.firstLooks && usual ?? 0 >= Self.leastUsual && points.count >= Self.points.least
    }

    /// The learnt view, for a later run; nil before it is known.
    var checkpoint: ViewCheckpoint? {
        guard isKnown, let edges else { return nil }
        return ViewCheckpoint(edges, at: points, of: edges.count(above: Self.edge))
    }

    /// A subset of the points, as many as a search needs.
    static func some(of points: [Int]) -> [Int] {
        stride(from: 0, to: points.count, by: max(1, points.count / Self.points.search)).map { points[$0] }
    }

    /// Compares a picture; learns only through `learn`.
    mutating func impression(_ view: View, at time: MediaTime) -> Impression {
        defer { previous = view.edges }
        let deviation = view.cells.deviation
        if deviation < Self.plain { return Self.plain(view) }
        guard isKnown, let edges, let cells, let usual else { return beginning(view, at: time) }
        let near = Self.best(edges, view.edges, points, reach: (Self.shake, Self.shake))
        let isUsual = near.likeness >= Self.usualShare * usual
        if let share = blur(view, near) { return .outOfFocus(share: share) }
        guard !isUsual else { return .usual }
        let far = Self.best(edges, view.edges, Self.some(of: points), reach: Self.reach)
        if max(abs(far.dx), abs(far.dy)) > Self.shake + 1, far.likeness >= 0.4, far.likeness >= usual * 0.5,
            far.likeness >= near.likeness + Self.chance
        {
            return .shifted(dx: far.dx, dy: far.dy)
        }
        if near.likeness >= Self.chance, near.likeness >= far.likeness - 0.05 {
            let tiles = tiles(edges, view.edges, near)
            if tiles.alike >= 0.6 { return .changed }
            if tiles.usual >= 0.25 { return .partlyHidden }
            return .covered("most of the view is hidden")
        }
        if view.energy < energy / 4 {
            if view.cells.likeness(cells) > 0.6 { return .outOfFocus(share: 0) }
            return view.cells.mean < Self.dark && deviation < 4 ? .black : .covered("hardly anything can be made out")
        }
        let strong = view.edges.strongest(above: Self.edge, most: Self.points.search)
        if let previous, view.edges.likeness(to: previous, at: strong) >= Self.same { return .elsewhere }
        return .lost
    }

    /// While the view is unknown: whether the camera keeps to one view at all. Passers-by and rain leave most edges of
    /// a fixed camera in place from one look to the next (0.28 was the least on recorded scenes); after a turn or a
    /// zoom only chance is left.
    private mutating func beginning(_ view: View, at time: MediaTime) -> Impression {
        // A view with too little structure to be learnt is not checked for turns indefinitely.
        guard let previous, looks < Self.firstLooks || settledSince != nil else { return .unknown }
        let points = previous.strongest(above: Self.edge, most: Self.points.search)
        if points.count >= Self.points.least {
            let likeness = Self.best(previous, view.edges, points, reach: (Self.shake, Self.shake)).likeness
            if likeness >= Self.same { hasStood = true }
            if hasStood, likeness < Self.chance { settledSince = time }
        }
        guard let settledSince else { return .unknown }
        if let edges, looks >= Self.leastLooks, self.points.count >= Self.points.least,
            Self.best(edges, view.edges, self.points, reach: (Self.shake, Self.shake)).likeness >= Self.same
        {
            self.settledSince = nil
            return .unknown
        }
        return time - settledSince >= Self.acceptance ? .settled : .turning
    }

    /// Adds a picture of the usual view to the learnt one.
    mutating func learn(_ view: View, at time: MediaTime) {
        let isFirst = edges == nil
        looks += 1
        let step = last.map { max(0, time - $0) } ?? 0
        last = time
        let share = isFirst ? 1 : max(1 / Double(looks), min(1, step / Self.memory))
        if looks >= 5, let edges {
            let near = Self.best(edges, view.edges, points, reach: (Self.shake, Self.shake))
            usual = mix(usual, near.likeness, max(share, 1 / Double(looks - 4)))
            edgeSharpness = mix(edgeSharpness, edgeContrast(view, near), max(share, 1 / Double(looks - 4)))
        }
        sharpness = mix(sharpness, view.sharpness, share)
        energy = mix(isFirst ? nil : energy, view.energy, share)
        if isFirst {
            edges = view.edges
            cells = view.cells
        } else {
            edges?.blend(view.edges, share: Float(share))
            cells?.blend(view.cells, share: Float(share))
        }
        if looks >= 4 { points = edges?.strongest(above: Self.edge, most: Self.points.most) ?? [] }
    }

    private func mix(_ old: Double?, _ new: Double, _ share: Double) -> Double {
        old.map { $0 + (new - $0) * share } ?? new
    }

    private static func plain(_ view: View) -> Impression {
        let mean = view.cells.mean
        return mean < dark ? .black : .covered(mean > 220 ? "the picture is plain white" : "the picture is plain")
    }

    /// The remaining share of the usual sharpness, where that is too little.
    private func blur(_ view: View, _ near: Match) -> Double? {
        guard let edgeSharpness, let sharpness, edgeSharpness > 0, sharpness > Self.smooth else { return nil }
        let whole = max(0, view.sharpness - Self.smooth) / (sharpness - Self.smooth)
        guard whole < Self.focus.whole else { return nil }
        let edges = edgeContrast(view, near) / edgeSharpness
        // A plain lorry before everything has soft edges too, but it does not resemble the view.
        guard edges < Self.focus.edges, near.likeness >= Self.chance else { return nil }
        return max(0, edges)
    }

    /// Contrast at the learnt edges and along their direction, over the coarse contrast around them.
    private func edgeContrast(_ view: View, _ near: Match) -> Double {
        guard let edges, !points.isEmpty else { return 0 }
        var (sum, coarse): (Float, Float) = (0, 0)
        for at in points {
            let column = at % edges.width + near.dx
            let row = at / edges.width + near.dy
            guard column >= 0, column < edges.width, row >= 0, row < edges.height else { continue }
            let moved = row * edges.width + column
            let (bx, by) = (view.edges.x[moved], view.edges.y[moved])
            let weight = ((edges.x[at] * edges.x[at] + edges.y[at] * edges.y[at]) * (bx * bx + by * by)).squareRoot()
            coarse += view.cells.contrast(aroundX: column * 2, y: row * 2)
            if weight > 0 { sum += view.edges.contrast[moved] * (edges.x[at] * bx + edges.y[at] * by) / weight }
        }
        return Double(sum) / (Double(coarse) + 0.5 * Double(points.count))
    }

    struct Match {
        var likeness = -1.0
        var dx = 0
        var dy = 0
    }

    static func best(
        _ edges: EdgeField, _ other: EdgeField, _ points: [Int], reach: (x: Int, y: Int)
    ) -> Match {
        var best = Match(likeness: edges.likeness(to: other, at: points))
        for dy in -reach.y...reach.y {
            for dx in -reach.x...reach.x where dx != 0 || dy != 0 {
                let likeness = edges.likeness(to: other, at: points, dx: dx, dy: dy)
                if likeness > best.likeness { best = Match(likeness: likeness, dx: dx, dy: dy) }
            }
        }
        return best
    }

    /// The share of tiles with any likeness to the learnt ones, and of those as alike as usual.
    private func tiles(_ edges: EdgeField, _ other: EdgeField, _ near: Match) -> (alike: Double, usual: Double) {
        let columns = (edges.width + Self.tile - 1) / Self.tile
        var tiles: [Int: [Int]] = [:]
        for at in points {
            tiles[at / edges.width / Self.tile * columns + at % edges.width / Self.tile, default: []].append(at)
        }
        let values = tiles.values.filter { $0.count >= 8 }
            .map { edges.likeness(to: other, at: $0, dx: near.dx, dy: near.dy) }
        guard !values.isEmpty else { return (0, 0) }
        let least = Self.usualShare * (usual ?? 1)
        return (
            Double(values.count { $0 >= Self.chance }) / Double(values.count),
            Double(values.count { $0 >= least }) / Double(values.count)
        )
    }
}
