import Domain

/// Finds flames, from the first picture on: no background is needed. Experimental.
///
/// A look shows where something has the colour of a flame. Where it is not yet known whether that flickers, a burst of
/// pictures decides; flames are tiles that flicker in the same place in three bursts, strongly or in the mean. Tiles that do
/// not are skipped for increasingly longer times.
///
/// A whole area that flickers in unison is a lamp. Without colour nothing is concluded: by flicker alone a flame cannot
/// be told from leaves, rain and insects.
public struct FlameWatcher: Sendable {
    /// Pixels of a tile's side, and from one tile to the next.
    private static let side = 24
    private static let stride = 8
    /// Seconds of a burst: three cycles of 2 Hz, and two key-frame intervals of most cameras.
    private static let burst = 1.6
    /// Least frame rate at which 2 Hz can be seen: two pictures for each swing.
    private static let leastRate = 8.0
    /// A longer gap between two pictures restarts the burst, in seconds.
    private static let longestGap = 0.4
    /// Timeout for the pictures of a burst, in seconds: two groups of pictures.
    private static let patience = 8.0
    /// Pixels of a flame's colour that justify a burst for a tile, and the pixels left of a fire that burns down; a
    /// fire of 3 % of the picture's width has about 60.
    private static let leastNew = 12
    private static let leastWarm = 6
    /// How much of a tile may swing in unison: see `FlickerMap.unison`.
    private static let mostUnison = 0.6
    /// Seconds for which bursts are stored.
    private static let memory = 20.0
    /// Seconds for which a tile is known not to flicker, and consecutive looks with a different content that start
    /// another burst: one more each time, so that a lane does not use up the budget of a fire.
    private static let rest = 120.0
    private static let looks = 1...4
    /// Levels by which a pixel differs from when its tile did not flicker: the swing of flames.
    private static let leastChange = 24
    /// Seconds from one burst to the next at a known fire, and the age in seconds from which no more are taken of it.
    private static let again = 4.0
    private static let decided = 24.0
    /// The view without flames that ends a fire, in seconds and looks.
    private static let clear = (seconds: 10.0, looks: 4)
    /// Least share of a fire's flame-coloured pixels, now or in the previous look, that have changed from look to look.
    private static let leastStirring = 0.2
    private static let stirring = 24

    private struct Tile: Sendable {
        /// Consecutive looks in which something of unknown flicker had the colour of a flame.
        var looks = 0
        /// How often it did not flicker, and until when that is stored.
        var settled = 0
        var settledUntil: MediaTime?
    }

    private struct Fire: Sendable {
        var flames: Plume
        /// Bursts in which it flickered and in which it did not, and the latest consecutive ones of the latter.
        var lit = 0
        var dark = 0
        var darkInARow = 0
        var lastLit: MediaTime
        var emptied = 0
    }

    private var width = 0
    private var height = 0
    private var columns = 0
    private var rows = 0
    private var tiles: [Tile] = []
    private var previous: Scene?
    /// The value of each pixel when its tile did not flicker, 0 where unknown; the minimum and maximum within two
    /// pixels, to allow for a shaking camera.
    private var reference = Plane(width: 0, height: 0)
    private var darkest = Plane(width: 0, height: 0)
    private var brightest = Plane(width: 0, height: 0)
    private var budget = BurstBudget()
    private var map: FlickerMap?
    private var wantedSince: MediaTime?
    /// The look before the one that requested the burst.
    private var wantedAfter: MediaTime?
    private var region = Box.whole
    private var asked: [Int] = []
    private var remembered: [FlameBurst] = []
    private var fires: [Fire] = []
    private var nextID = -1

    public init() {}

    /// Whether pictures are wanted at the full frame rate.
    public var wantsBurst: Bool { wantedSince != nil }

    /// Takes a picture of a burst.
    public mutating func take(burstFrame scene: Scene) {
        guard wantedSince != nil, scene.chroma != nil, scene.picture.width == width, scene.picture.height == height
        else {
            return
        }
        guard var map, 0...Self.longestGap ~= scene.time - map.last else {
            map = FlickerMap(of: scene, in: region, length: Self.burst)
            return
        }
        self.map = nil
        map.add(scene)
        guard map.seconds >= Self.burst - 0.02 else {
            self.map = map
            return
        }
        wantedSince = nil
        guard Double(map.frames) >= Self.leastRate * map.seconds else { return }
        map.end()
        conclude(map)
    }

    /// Processes one look; returns the known and suspected flames and, once more, those that have just gone.
    public mutating func update(with scene: Scene) -> [Plume] {
        guard let chroma = scene.chroma, chroma.blue.count == scene.picture.pixels.count,
            chroma.red.count == scene.picture.pixels.count
        else { return [] }
        begin(scene.picture.width, scene.picture.height)
        budget.earn(until: scene.time)
        if wantedSince != nil { take(burstFrame: scene) }
        if let since = wantedSince, !(0...Self.patience ~= scene.time - since) { (wantedSince, map) = (nil, nil) }
        let warm = warmth(of: scene.picture, chroma)
        count(warm, scene.picture)
        let gone = follow(warm, scene)
        if wantedSince == nil { decide(at: scene.time) }
        previous = scene
        return fires.map(\.flames) + gone
    }

    /// Discards what is known about non-flickering tiles; fires continue.
    public mutating func interrupt() { (wantedSince, map, previous) = (nil, nil, nil) }

    private mutating func begin(_ width: Int, _ height: Int) {
        guard width != self.width || height != self.height else { return }
        (self.width, self.height) = (width, height)
        columns = max(1, (width - Self.side) / Self.stride + 1)
        rows = max(1, (height - Self.side) / Self.stride + 1)
        tiles = [Tile](repeating: Tile(), count: columns * rows)
        reference = Plane(width: width, height: height)
        (darkest, brightest) = (reference, reference)
        (remembered, wantedSince, map, previous) = ([], nil, nil, nil)
    }

    private func warmth(of picture: GreyImage, _ chroma: Chroma) -> Plane {
        var warm = Plane(width: width, height: height)
        warm.values.withUnsafeMutableBufferPointer { values in
            for index in values.indices
            where FlameColour.isWarm(luma: picture.pixels[index], blue: chroma.blue[index], red: chroma.red[index]) {
                values[index] = 1
            }
        }
        return warm
    }

    private func origin(of tile: Int) -> (x: Int, y: Int) {
        (tile % columns * Self.stride, tile / columns * Self.stride)
    }

    private func box(of tile: Int) -> Box {
        let (x, y) = origin(of: tile)
        return Box(
            x: Double(x) / Double(width), y: Double(y) / Double(height),
            width: Double(min(Self.side, width - x)) / Double(width),
            height: Double(min(Self.side, height - y)) / Double(height))
    }

    /// The sum of `plane` in each tile.
    private func sums(_ plane: Plane) -> [Int] {
        // One row of sums more than pixels, so that every rectangle sum takes four values.
        var table = [Int32](repeating: 0, count: (width + 1) * (height + 1))
        for y in 0..<height {
            var row: Int32 = 0
            for x in 0..<width {
                row += Int32(plane.values[y * width + x])
                table[(y + 1) * (width + 1) + x + 1] = table[y * (width + 1) + x + 1] + row
            }
        }
        return tiles.indices.map { tile in
            let (x, y) = origin(of: tile)
            let (right, bottom) = (min(width, x + Self.side), min(height, y + Self.side))
            return Int(
                table[bottom * (width + 1) + right] - table[y * (width + 1) + right] - table[bottom * (width + 1) + x]
                    + table[y * (width + 1) + x])
        }
    }

    private mutating func count(_ warm: Plane, _ picture: GreyImage) {
        var new = warm
        new.values.withUnsafeMutableBufferPointer { values in
            for index in values.indices
            where values[index] != 0 && reference.values[index] != 0 {
                let known =
                    Int(darkest.values[index]) - Self.leastChange...Int(brightest.values[index]) + Self.leastChange
                if known.contains(Int(picture.pixels[index])) { values[index] = 0 }
            }
        }
        for (tile, sum) in sums(new).enumerated() {
            tiles[tile].looks = sum >= Self.leastNew ? tiles[tile].looks + 1 : 0
        }
    }

    /// Whether a burst is wanted, and where.
    private mutating func decide(at time: MediaTime) {
        for tile in tiles.indices {
            if let until = tiles[tile].settledUntil, time >= until {
                (tiles[tile].settled, tiles[tile].settledUntil) = (0, nil)
            }
        }
        let wanted = tiles.indices.filter { tiles[$0].looks > 0 }
        let doubtful = fires.filter { fire in
            guard time - fire.flames.since < Self.decided else { return false }
            return fire.flames.certainty == 0 || time - fire.lastLit >= Self.again
        }
        if !doubtful.isEmpty, budget.left >= 1 {
            asked = tiles.indices.filter { tile in
                doubtful.contains { $0.flames.reach.intersection(box(of: tile)) > 0 }
            }
        } else {
            // A passing object is gone at the next look; what burns from the first look on gets a burst at once.
            let least = budget.isFull ? 0 : 1
            let isBegun = wanted.contains { tile in
                tiles[tile].looks >= min(Self.looks.upperBound, max(Self.looks.lowerBound, tiles[tile].settled) + least)
            }
            guard isBegun, budget.mayBegin else { return }
            asked = wanted
        }
        guard let first = asked.first else { return }
        budget.spend()
        region = asked.dropFirst().reduce(box(of: first)) { $0.union(box(of: $1)) }
        (wantedSince, wantedAfter) = (time, previous?.time)
        map = nil
    }

    /// Evaluates a burst.
    private mutating func conclude(_ map: FlickerMap) {
        let (flicker, start) = (map.flicker(), map.start)
        let (sums, cores) = (sums(flicker), sums(map.cores()))
        var burst = FlameBurst(time: start)
        burst.pixels = tiles.indices.map { tile in
            map.covers(box(of: tile)) ? FlameBurst.pixels(flickering: sums[tile], cores: cores[tile]) : nil
        }
        for tile in tiles.indices where burst.flickers(tile) {
            let (x, y) = origin(of: tile)
            let (columns, rows) = (x / FlickerMap.cell, y / FlickerMap.cell)
            let size = Self.side / FlickerMap.cell
            let unison = map.unison(in: (columns..<columns + size, rows..<rows + size))
            if unison > Self.mostUnison { burst.pixels[tile] = 0 }
        }
        for tile in tiles.indices where burst.flickers(tile) { burst.boxes[tile] = bounds(of: flicker, in: tile) }
        for tile in tiles.indices where burst.pixels[tile] != nil {
            if burst.flickers(tile) {
                (tiles[tile].settledUntil, tiles[tile].settled) = (nil, 0)
            } else {
                settle(tile, map)
            }
        }
        (darkest, brightest) = (reference.least().least(), reference.greatest().greatest())
        remembered.removeAll { !(0...Self.memory ~= start - $0.time) }
        remembered.append(burst)
        note(burst)
    }

    /// The present content of the tile does not flicker.
    private mutating func settle(_ tile: Int, _ map: FlickerMap) {
        tiles[tile].settled += tiles[tile].looks > 0 ? 1 : 0
        tiles[tile].settledUntil = map.last + Self.rest
        let (x, y) = origin(of: tile)
        for row in y..<min(height, y + Self.side) {
            for column in x..<min(width, x + Self.side) {
                reference.values[row * width + column] = max(1, map.luma(x: column, y: row))
            }
        }
    }

    private func bounds(of flicker: Plane, in tile: Int) -> Box {
        let (x, y) = origin(of: tile)
        var (left, top, right, bottom) = (width, height, 0, 0)
        for row in y..<min(height, y + Self.side) {
            for column in x..<min(width, x + Self.side) where flicker.values[row * width + column] != 0 {
                (left, right) = (min(left, column), max(right, column))
                (top, bottom) = (min(top, row), max(bottom, row))
            }
        }
        return Box(
            x: Double(left) / Double(width), y: Double(top) / Double(height),
            width: Double(right - left + 1) / Double(width), height: Double(bottom - top + 1) / Double(height))
    }

    /// Adds the flickering tiles to the fires, or starts one.
    private mutating func note(_ burst: FlameBurst) {
        var lit = Set<Int>()
        for tile in burst.boxes.keys.sorted() {
            guard let box = burst.boxes[tile] else { continue }
            if let index = fires.firstIndex(where: { $0.flames.reach.intersection(box) > 0 }) {
                fires[index].flames.box = fires[index].flames.box.union(box)
                lit.insert(index)
            } else {
                fires.append(
                    Fire(
                        flames: Plume(
                            id: nextID, box: box, since: since(of: tile, burst), lastSeen: burst.time,
                            presence: .hidden,
                            certainty: 0), lastLit: burst.time))
                lit.insert(fires.count - 1)
                nextID -= 1
            }
        }
        for index in fires.indices {
            let isAsked = asked.contains { fires[index].flames.box.intersection(box(of: $0)) > 0 }
            if lit.contains(index) {
                fires[index].lit += 1
                fires[index].lastLit = burst.time
                fires[index].darkInARow = 0
            } else if isAsked {
                fires[index].dark += 1
                fires[index].darkInARow += 1
            }
            guard let box = steadyBox(of: fires[index]) else { continue }
            fires[index].flames.box = box
            fires[index].flames.certainty = Double(fires[index].lit) / Double(fires[index].lit + fires[index].dark)
        }
        // Something that passed.
        fires.removeAll { $0.flames.certainty == 0 && $0.darkInARow >= min(2, $0.lit) }
    }

    /// A tile that was already flame-coloured in the look before, for which the burst had to wait, dates from then.
    private func since(of tile: Int, _ burst: FlameBurst) -> MediaTime {
        guard tiles[tile].looks > 1, let wantedAfter, 0...Self.patience ~= burst.time - wantedAfter else {
            return burst.time
        }
        return wantedAfter
    }

    /// The box of all places that flickered in two bursts; nil where none burns.
    private func steadyBox(of fire: Fire) -> Box? {
        let places = tiles.indices.filter { fire.flames.reach.intersection(box(of: $0)) > 0 }
        guard places.contains(where: { FlameBurst.burns($0, in: remembered) }) else { return nil }
        return places.filter { tile in remembered.count { $0.flickers(tile) } >= FlameBurst.bursts - 1 }
            .flatMap { tile in remembered.compactMap { $0.boxes[tile] } }
            .reduce(nil) { $0?.union($1) ?? $1 }
    }

    /// Updates the visibility of the fires in this look; returns those unseen for too long.
    private mutating func follow(_ warm: Plane, _ scene: Scene) -> [Plume] {
        var gone: [Plume] = []
        var kept: [Fire] = []
        for old in fires {
            var fire = old
            if scene.time - fire.lastLit <= Self.again || stirs(fire, warm, scene) {
                fire.flames.presence = .visible
                fire.flames.lastSeen = scene.time
                fire.emptied = 0
            } else {
                fire.emptied += 1
                fire.flames.presence = .hidden
            }
            guard fire.emptied >= Self.clear.looks, scene.time - fire.flames.lastSeen >= Self.clear.seconds else {
                kept.append(fire)
                continue
            }
            fire.flames.presence = .gone(at: fire.flames.lastSeen)
            gone.append(fire.flames)
        }
        fires = kept
        return gone
    }

    private func stirs(_ fire: Fire, _ warm: Plane, _ scene: Scene) -> Bool {
        guard let previous, let chroma = previous.chroma, previous.picture.width == width,
            previous.picture.height == height
        else { return false }
        let box = fire.flames.box
        var (count, stirred) = (0, 0)
        let (before, now) = (previous.picture.pixels, scene.picture.pixels)
        for y in max(0, Int(box.y * Double(height)))..<min(height, Int((box.maxY * Double(height)).rounded(.up))) {
            for x in max(0, Int(box.x * Double(width)))..<min(width, Int((box.maxX * Double(width)).rounded(.up))) {
                let index = y * width + x
                guard
                    warm.values[index] != 0
                        || FlameColour.isWarm(luma: before[index], blue: chroma.blue[index], red: chroma.red[index])
                else { continue }
                count += 1
                if abs(Int(now[index]) - Int(before[index])) >= Self.stirring { stirred += 1 }
            }
        }
        return count >= Self.leastWarm && Double(stirred) >= Self.leastStirring * Double(count)
    }
}
