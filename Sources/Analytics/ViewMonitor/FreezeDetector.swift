import Domain

/// Detects a picture that does not change although the stream continues.
///
/// A real picture is never the same twice: sensor noise and the codec leave a residue. Its size, and whether this
/// camera occasionally repeats a picture, are learnt from the camera's own past.
struct FreezeDetector: Sendable {
    enum Verdict: Sendable, Equatable {
        case alive
        /// The picture repeats itself, for the first time with this camera.
        case suspected
        case frozen
    }

    /// Mean change of a cell, in luma levels, up to which it is the same: three of its 64 pixels differ by one.
    private static let same: Float = 0.05
    /// Share of cells that must be the same. The rest may be a burnt-in clock and what it spills into its neighbours.
    private static let sameShare = 0.85
    /// A frozen picture that is encoded again each time (a clock is drawn into it at constant bit rate) keeps a residue
    /// of up to a third of that of the live picture; measured with x264 at 2 Mb/s.
    private static let residueShare = 0.4
    private static let equalShare = 0.5
    /// Seconds; the longer one is for re-encoded pictures, where chance has more room.
    private static let patience = (same: 5.0, encoded: 7.5)
    /// Pairs of looks after which a camera is known, and the seconds without a change that count as a freeze before.
    private static let known = (pairs: 10, before: 60.0)
    /// How many times longer than the longest one so far a freeze must last to be reported.
    private static let margin = 3.0
    /// A freeze that ended sooner than this is normal for the camera (pictures sent twice, a codec that leaves the
    /// background out); a longer one was a fault.
    private static let longestHabit = 20.0
    /// Number of live pairs that are stored.
    private static let memory = 30
    /// Mean change of a cell, in luma levels, that is a movement, and how many such cells outside of a possible clock make
    /// one. A clock's line of text is at most two cells high, its next digits at most six cells away.
    private static let moving: (change: Float, cells: Int, height: Int, gap: Int) = (2, 3, 2, 6)
    /// Seconds without a change before a camera whose still background is always the same (strong noise reduction, a
    /// codec that leaves it out) counts as frozen: there only movement proves that it is live. And how often it must
    /// have shown that.
    private static let silent = (patience: 600.0, pairs: 2)

    /// The last live look.
    private(set) var since: MediaTime?
    private var last: (picture: GreyImage, time: MediaTime)?
    private var isEncodedAnew = false
    /// Cells that may belong to a clock: what has changed during this freeze.
    private var clock: Set<Int> = []
    /// Live pairs that were equal except for the moving parts.
    private var silentPairs = 0
    private var pairs = 0
    private var looks = 0
    private var habit = 0.0
    private var residues: [Float] = []
    private var pending: [Float] = []

    /// Discards the learnt residue.
    mutating func forget() {
        residues = []
        pending = []
        last = nil
        since = nil
        clock = []
        looks = 0
    }

    mutating func judge(_ picture: GreyImage, at time: MediaTime) -> Verdict {
        defer { last = (picture, time) }
        guard let last, last.picture.width == picture.width, last.picture.height == picture.height, time > last.time
        else { return .alive }
        let change = Self.change(from: last.picture, to: picture)
        let isSame = change.same >= Self.sameShare
        let isNear =
            !isSame && change.equal >= Self.equalShare && residues.count >= Self.memory / 2
            && change.median < Float(Self.residueShare) * (residues.min() ?? 0)
        guard isSame || isNear else {
            end(at: last.time)
            pairs += 1
            residues = (residues + [change.median]).suffix(Self.memory)
            return .alive
        }
        if isSame, Self.isMovement(change.moving, beside: clock, columns: change.columns) {
            end(at: last.time)
            pairs += 1
            silentPairs += 1
            return .alive
        }
        if since == nil { (since, isEncodedAnew) = (last.time, false) }
        if isSame { clock.formUnion(change.moving) }
        looks += 1
        if isNear {
            isEncodedAnew = true
            pending.append(change.median)
        }
        let still = since.map { time - $0 } ?? 0
        let isKnown = pairs >= Self.known.pairs
        let patience = isEncodedAnew ? Self.patience.encoded : Self.patience.same
        let isSilent = silentPairs >= Self.silent.pairs
        let limit =
            isSilent ? Self.silent.patience : isKnown ? max(patience, habit * Self.margin) : Self.known.before
        if looks >= 3, still >= limit { return .frozen }
        return isKnown && !isSilent && isSame && habit == 0 ? .suspected : .alive
    }

    private mutating func end(at time: MediaTime) {
        if let since, time - since < Self.longestHabit { habit = max(habit, time - since) }
        residues = (residues + pending).suffix(Self.memory)
        pending = []
        since = nil
        clock = []
        looks = 0
    }

    /// True where more has changed than the digits of a clock, some of which have changed at `clock` before.
    private static func isMovement(_ cells: [Int], beside clock: Set<Int>, columns: Int) -> Bool {
        let changed = Set(cells)
        for cell in cells {
            // Higher than a line of text.
            if (1...moving.height).allSatisfy({ changed.contains(cell + $0 * columns) }) { return true }
        }
        guard !clock.isEmpty else { return false }
        return cells.count { cell in
            !clock.contains {
                abs($0 / columns - cell / columns) <= 1 && abs($0 % columns - cell % columns) <= moving.gap
            }
        } >= moving.cells
    }

    /// The share of equal cells, the share of equal pixels, the median change of a cell, and the cells with movement,
    /// by row and column.
    private static func change(
        from old: GreyImage, to new: GreyImage
    ) -> (same: Double, equal: Double, median: Float, moving: [Int], columns: Int) {
        let side = CellMeans.side
        let (columns, rows) = (new.width / side, new.height / side)
        guard columns > 0, rows > 0 else { return (0, 0, 0, [], 1) }
        var changes: [Float] = []
        changes.reserveCapacity(columns * rows)
        var equal = 0
        old.pixels.withUnsafeBufferPointer { old in
            new.pixels.withUnsafeBufferPointer { pixels in
                for row in 0..<rows {
                    for column in 0..<columns {
                        var sum = 0
                        var at = row * side * new.width + column * side
                        for _ in 0..<side {
                            for offset in 0..<side {
                                let difference = abs(Int(pixels[at + offset]) - Int(old[at + offset]))
                                sum += difference
                                if difference == 0 { equal += 1 }
                            }
                            at += new.width
                        }
                        changes.append(Float(sum) / Float(side * side))
                    }
                }
            }
        }
        let same = changes.count { $0 < Self.same }
        let moving = changes.indices.filter { changes[$0] >= Self.moving.change }
        changes.sort()
        return (
            Double(same) / Double(changes.count), Double(equal) / Double(changes.count * side * side),
            changes[changes.count / 2], moving, columns
        )
    }
}
