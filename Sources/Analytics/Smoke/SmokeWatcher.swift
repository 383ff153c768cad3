/// Follows veils over the ground from look to look. Experimental: it has been proved on one composed plume only.
///
/// The picture is judged in overlapping tiles. A tile is veiled where three of its last six looks showed the ground
/// through something pale that stirs; a plume is veiled tiles that touch. Smoke keeps its place over its source, while the
/// dust of a lorry or a lamp that passes is gone before three looks agree.
public struct SmokeWatcher: Sendable {
    /// Pixels of a tile's side, and from one tile to the next.
    private static let side = 24
    private static let stride = 12
    /// The share of a tile that must differ from the ground.
    private static let leastFaint = 0.5
    private static let memory = 6
    private static let veiledLooks = 3
    /// Veiled tiles that make a plume; a veil over more than this share of the picture is fog.
    private static let leastTiles = 3
    private static let fog = 0.6
    private static let goneLooks = 3

    private struct Tile: Sendable {
        /// The newest look last.
        var veils: [Bool] = []
        var stirs: [Bool] = []

        var isVeiled: Bool { veils.count { $0 } >= SmokeWatcher.veiledLooks }
        /// Too plain to show a veil, but it stirs as its neighbours do.
        var joins: Bool { stirs.count { $0 } >= 2 }
    }

    private struct Candidate: Sendable {
        var plume: Plume
        var emptied: (since: MediaTime, looks: Int)?
    }

    private var tiles: [Tile] = []
    /// Of the looks that the tiles remember.
    private var times: [MediaTime] = []
    private var columns = 0
    private var rows = 0
    private var candidates: [Candidate] = []
    private var nextID = 1

    public init() {}

    /// Where something may be smoke.
    public private(set) var veils: [Box] = []

    /// Takes one look at the ground; returns the plumes over it and, once more, those that have just gone.
    public mutating func update(with ground: GroundWatcher, at time: MediaTime) -> [Plume] {
        guard let model = ground.model, model.isReady else { return [] }
        judge(model, things: ground.pixelsOfThings, at: time)
        veils = tiles.indices.filter { tiles[$0].veils.contains(true) }.map { box(ofTile: $0, in: model) }
        var regions = plumes(in: model)
        var gone: [Plume] = []
        var kept: [Candidate] = []
        for old in candidates {
            var candidate = old
            if let match = regions.firstIndex(where: { $0.box.intersection(candidate.plume.box) > 0 }) {
                let region = regions.remove(at: match)
                candidate.plume.box = region.box
                candidate.plume.certainty = max(candidate.plume.certainty, region.certainty)
                candidate.plume.presence = .visible
                candidate.plume.lastSeen = time
                candidate.emptied = nil
            } else if lingers(candidate.plume, in: model) {
                candidate.plume.lastSeen = time
                candidate.emptied = nil
            } else {
                // A single clear look can be a gap in the smoke: the end is the second.
                let looks = (candidate.emptied?.looks ?? 0) + 1
                candidate.emptied = (looks > 2 ? candidate.emptied?.since ?? time : time, looks)
                candidate.plume.presence = .hidden
            }
            if let emptied = candidate.emptied, emptied.looks >= Self.goneLooks {
                candidate.plume.presence = .gone(at: emptied.since)
                gone.append(candidate.plume)
            } else {
                kept.append(candidate)
            }
        }
        for region in regions {
            let plume = Plume(
                id: nextID, box: region.box, since: region.since, lastSeen: time, presence: .visible,
                certainty: region.certainty)
            kept.append(Candidate(plume: plume))
            nextID += 1
        }
        candidates = kept
        return kept.map(\.plume) + gone
    }

    private mutating func judge(_ model: GroundModel, things: Plane?, at time: MediaTime) {
        let (columns, rows) = (
            max(1, (model.width - Self.side) / Self.stride + 1), max(1, (model.height - Self.side) / Self.stride + 1)
        )
        if columns != self.columns || rows != self.rows {
            self.columns = columns
            self.rows = rows
            tiles = [Tile](repeating: Tile(), count: columns * rows)
            times = []
        }
        times = times.suffix(Self.memory - 1) + [time]
        for row in 0..<rows {
            for column in 0..<columns {
                var (pixels, faint, stirred, count) = ([Int](), 0, 0, 0)
                for y in row * Self.stride..<min(model.height, row * Self.stride + Self.side) {
                    for x in column * Self.stride..<min(model.width, column * Self.stride + Self.side) {
                        let pixel = y * model.width + x
                        guard things.map({ $0.values[pixel] == 0 }) ?? true else { continue }
                        count += 1
                        faint += Int(model.faint.values[pixel])
                        stirred += Int(model.stirred.values[pixel])
                        pixels.append(pixel)
                    }
                }
                let isChanged = count >= Self.side * Self.side / 2 && Double(faint) >= Self.leastFaint * Double(count)
                let evidence = isChanged ? VeilEvidence(of: pixels, in: model) : nil
                let index = row * columns + column
                tiles[index].veils.append(evidence?.isVeil ?? false)
                tiles[index].stirs.append(isChanged && stirred * 4 >= count)
                if tiles[index].veils.count > Self.memory {
                    tiles[index].veils.removeFirst()
                    tiles[index].stirs.removeFirst()
                }
            }
        }
    }

    /// Whether something of a plume can still be seen: a few of its tiles in its last looks.
    private func lingers(_ plume: Plume, in model: GroundModel) -> Bool {
        let seen = tiles.indices.filter {
            tiles[$0].veils.suffix(Self.goneLooks).contains(true)
                && plume.box.holds(box(ofTile: $0, in: model).centre)
        }
        return seen.count >= 2
    }

    private func box(ofTile index: Int, in model: GroundModel) -> Box {
        let (width, height) = (Double(model.width), Double(model.height))
        return Box(
            x: Double(index % columns * Self.stride) / width, y: Double(index / columns * Self.stride) / height,
            width: Double(Self.side) / width, height: Double(Self.side) / height)
    }

    /// Connected tiles of which enough are veiled.
    private func plumes(in model: GroundModel) -> [(box: Box, since: MediaTime, certainty: Double)] {
        var mask = Plane(width: columns, height: rows)
        for (index, tile) in tiles.enumerated() where tile.isVeiled || tile.joins { mask.values[index] = 1 }
        return Blob.all(in: mask, least: Self.leastTiles).compactMap { blob in
            let veiled = blob.pixels.filter { tiles[$0].isVeiled }
            guard veiled.count >= Self.leastTiles, Double(blob.area) <= Self.fog * Double(tiles.count) else {
                return nil
            }
            let first = self.box(ofTile: blob.top * columns + blob.left, in: model)
            let box = first.union(self.box(ofTile: blob.bottom * columns + blob.right, in: model))
            let looks = veiled.reduce(0) { $0 + tiles[$1].veils.count { $0 } }
            // Veiled for three looks and more: it began with the first of them.
            let since =
                veiled.compactMap { tiles[$0].veils.firstIndex(of: true).map { times[$0] } }.min() ?? MediaTime(0)
            return (box, since, Double(looks) / Double(veiled.count * Self.memory))
        }
    }
}
