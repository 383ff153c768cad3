import Domain

extension Polygon {
    /// The first two sides, by the index of their first corner, that share more than a common corner.
    var crossing: (Int, Int)? {
        let count = corners.count
        guard count > 3 else { return nil }
        for first in 0..<count {
            for second in (first + 1)..<count where second != first + 1 && (second + 1) % count != first {
                let (a, b) = (corners[first], corners[first + 1])
                let (c, d) = (corners[second], corners[(second + 1) % count])
                if Self.meet(a, b, c, d) { return (first, second) }
            }
        }
        // Neighbours meet in their corner anyway; they cross where one runs back over the other.
        for second in 0..<count {
            let (a, b, c) = (corners[(second + count - 1) % count], corners[second], corners[(second + 1) % count])
            let dot = (a.x - b.x) * (c.x - b.x) + (a.y - b.y) * (c.y - b.y)
            if Self.side(a, b, c) == 0, dot > 0 { return ((second + count - 1) % count, second) }
        }
        return nil
    }

    /// Positive where `c` is left of the line from `a` to `b`, 0 on it.
    private static func side(_ a: Point, _ b: Point, _ c: Point) -> Double {
        (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
    }

    private static func meet(_ a: Point, _ b: Point, _ c: Point, _ d: Point) -> Bool {
        let (toC, toD, toA, toB) = (side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b))
        if toC == 0 && holds(a, b, c) || toD == 0 && holds(a, b, d) { return true }
        if toA == 0 && holds(c, d, a) || toB == 0 && holds(c, d, b) { return true }
        return (toC > 0) != (toD > 0) && (toA > 0) != (toB > 0) && toC != 0 && toD != 0 && toA != 0 && toB != 0
    }

    /// Whether `c`, which lies on the line through `a` and `b`, lies between them.
    private static func holds(_ a: Point, _ b: Point, _ c: Point) -> Bool {
        (min(a.x, b.x)...max(a.x, b.x)).contains(c.x) && (min(a.y, b.y)...max(a.y, b.y)).contains(c.y)
    }
}
