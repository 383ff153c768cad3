import Domain
import Foundation

/// The appearance of one place: `side` × `side` mean luma values, row-major.
public struct Patch: Sendable, Equatable {
    public static let side = 20

    /// Below this deviation (in luma levels) a patch of a well exposed picture is plain: the rest is noise of sensor and codec.
    static let usualPlain: Float = 5

    /// Rows and columns of a part, and the correlation from which it is the same: few values reach it by chance.
    private static let part = 5
    private static let samePart = 0.8
    /// Below this likeness it looks different.
    private static let changedPart = 0.5

    public let values: [Float]
    public let mean: Float
    public let deviation: Float
    /// See `GreyImage.plain`.
    private let plain: Float

    init(values: [Float], plain: Float = Patch.usualPlain) {
        self.values = values
        self.plain = plain
        let count = Float(max(1, values.count))
        let mean = values.reduce(0, +) / count
        self.mean = mean
        deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    }

    /// Nil where the number of bytes is not the number of values of a patch.
    init?(data: Data) {
        guard data.count == Self.side * Self.side else { return nil }
        self.init(values: data.map(Float.init))
    }

    /// The values rounded, a byte each: enough to tell the same vehicle from another one.
    var data: Data { Data(values.map { UInt8(max(0, min(255, $0.rounded()))) }) }

    /// How far two patches show the same thing, −1…1: the normalised cross-correlation, which is invariant to gain and
    /// offset (a cloud, an exposure step). Two plain patches are compared by their brightness.
    public func likeness(_ other: Patch) -> Double {
        guard values.count == other.values.count else { return 0 }
        let plain = min(self.plain, other.plain)
        switch (deviation < plain, other.deviation < plain) {
        case (true, true): return Double(max(0, 1 - abs(mean - other.mean) / (8 * plain)))
        case (true, false), (false, true): return 0
        case (false, false): break
        }
        return correlation(other)
    }

    /// How far the gradients of two patches run in the same direction, −1…1: about 0.25 for two vehicles in one place,
    /// 0.7 to 1 for one vehicle in which a shadow or the sun from the other side changes whole parts, which `likeness`
    /// does not tolerate.
    ///
    /// Each gradient is weighted by the root of its magnitude, so that the edge of a shadow does not outweigh the rest.
    func structure(_ other: Patch) -> Double {
        guard values.count == Self.side * Self.side, other.values.count == values.count else { return 0 }
        var (shared, mine, its): (Float, Float, Float) = (0, 0, 0)
        for row in 0..<Self.side {
            for column in 0..<Self.side {
                let (a, b) = (slope(row, column), other.slope(row, column))
                let (heightA, heightB) = ((a.x * a.x + a.y * a.y).squareRoot(), (b.x * b.x + b.y * b.y).squareRoot())
                mine += heightA
                its += heightB
                if heightA > 0, heightB > 0 { shared += (a.x * b.x + a.y * b.y) / (heightA * heightB).squareRoot() }
            }
        }
        return mine > 0 && its > 0 ? Double(shared / (mine * its).squareRoot()) : 0
    }

    /// Luma levels a cell, to the right and down.
    private func slope(_ row: Int, _ column: Int) -> (x: Float, y: Float) {
        let (left, right) = (max(0, column - 1), min(Self.side - 1, column + 1))
        let (above, below) = (max(0, row - 1), min(Self.side - 1, row + 1))
        return (
            (values[row * Self.side + right] - values[row * Self.side + left]) / Float(right - left),
            (values[below * Self.side + column] - values[above * Self.side + column]) / Float(below - above)
        )
    }

    /// Whether both show the same, or ground with hardly more than noise.
    func agrees(with other: Patch, atLeast least: Double) -> Bool {
        let noise = 2 * min(plain, other.plain)
        return likeness(other) >= least
            || max(deviation, other.deviation) < noise && abs(mean - other.mean) < noise
    }

    /// The share of this patch's textured parts that the other one shows too, 0…1: about 0 where another object has
    /// taken the place, and the visible rest of a partly hidden object. 0 where hardly any part has texture.
    func remainder(in other: Patch) -> Double {
        let plain = min(self.plain, other.plain)
        let textured = parts(with: other).filter { $0.mine.deviation >= plain }
        guard textured.count >= Self.side / Self.part else { return 0 }
        let alike = textured.count {
            $0.its.deviation >= plain / 2 && $0.mine.correlation($0.its) >= Self.samePart
        }
        return Double(alike) / Double(textured.count)
    }

    /// The same for the parts of `box` outside all `covers`, in the picture's coordinates; nil where hardly any of
    /// those has texture.
    func remainder(in other: Patch, of box: Box, outside covers: [Box]) -> Double? {
        let count = Self.side / Self.part
        let plain = min(self.plain, other.plain)
        let parts = parts(with: other)
        let free = parts.indices.filter { index in
            let part = Box(
                x: box.x + box.width * Double(index % count) / Double(count),
                y: box.y + box.height * Double(index / count) / Double(count),
                width: box.width / Double(count), height: box.height / Double(count))
            return parts[index].mine.deviation >= plain && !covers.contains { part.intersection($0) > 0 }
        }
        guard free.count >= count else { return nil }
        let alike = free.count { parts[$0].mine.correlation(parts[$0].its) >= Self.samePart }
        return Double(alike) / Double(free.count)
    }

    /// The share of parts that look different in the other one, 0…1.
    func changedShare(in other: Patch) -> Double {
        let parts = parts(with: other)
        let changed = parts.count { $0.mine.likeness($0.its) < Self.changedPart }
        return parts.isEmpty ? 1 : Double(changed) / Double(parts.count)
    }

    /// The same where the other one was taken in another light, so many times as bright now: parts with little texture are
    /// compared by their brightness. Where that does not make them more alike, it is not the light.
    func changedShare(in other: Patch, gain: Float) -> Double {
        min(
            changedShare(in: other), changedShare(in: Patch(values: other.values.map { $0 * gain }, plain: other.plain))
        )
    }

    /// The shares of parts that look different in the other one, of those whose middle lies in `inner` and of the others, 0…1
    /// each; `box` is what the patches show, in the coordinates of `inner`.
    func changedShares(in other: Patch, of box: Box, inside inner: Box) -> (inner: Double, outer: Double) {
        let count = Self.side / Self.part
        var (parts, changed) = ((inner: 0.0, outer: 0.0), (inner: 0.0, outer: 0.0))
        for (index, part) in self.parts(with: other).enumerated() {
            let isChanged = part.mine.likeness(part.its) < Self.changedPart
            if inner.holds(box.middle(ofCell: index, of: count)) {
                parts.inner += 1
                if isChanged { changed.inner += 1 }
            } else {
                parts.outer += 1
                if isChanged { changed.outer += 1 }
            }
        }
        return (changed.inner / max(1, parts.inner), changed.outer / max(1, parts.outer))
    }

    private func parts(with other: Patch) -> [(mine: Patch, its: Patch)] {
        guard values.count == Self.side * Self.side, other.values.count == values.count else { return [] }
        let count = Self.side / Self.part
        return (0..<count * count).map { index in
            let first = index / count * Self.part * Self.side + index % count * Self.part
            func cut(_ patch: Patch) -> Patch {
                Patch(
                    values: (0..<Self.part * Self.part).map {
                        patch.values[first + $0 / Self.part * Self.side + $0 % Self.part]
                    }, plain: patch.plain)
            }
            return (cut(self), cut(other))
        }
    }

    private func correlation(_ other: Patch) -> Double {
        var sum: Float = 0
        for index in values.indices { sum += (values[index] - mean) * (other.values[index] - other.mean) }
        return Double(sum / (Float(values.count) * deviation * other.deviation))
    }
}

extension Box {
    /// The middle of one of `side` × `side` cells of the same size, row-major.
    func middle(ofCell index: Int, of side: Int) -> Point {
        Point(
            x: x + width * (Double(index % side) + 0.5) / Double(side),
            y: y + height * (Double(index / side) + 0.5) / Double(side))
    }
}
