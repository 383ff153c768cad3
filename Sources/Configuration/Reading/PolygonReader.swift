import Domain
import Yams

/// Reads and validates the polygon at one key.
struct PolygonReader<Key: RawRepresentable & Hashable> where Key.RawValue == String {
    private static var mostCorners: Int { 100 }

    private let section: Section<Key>
    private let key: Key

    init(_ section: Section<Key>, _ key: Key) {
        self.section = section
        self.key = key
    }

    /// Empty where there is no valid one.
    var polygon: Polygon {
        if section.node(key) == nil { section.reportMissing(key, example: Field.examplePolygon) }
        guard let nodes = section.list(key, of: "corners [x, y]") else { return Polygon([]) }
        guard (3...Self.mostCorners).contains(nodes.count) else {
            section.report(
                "the polygon has \(nodes.count) corners: give 3 to \(Self.mostCorners), e.g. \(Field.examplePolygon)",
                key)
            return Polygon([])
        }
        let corners = nodes.compactMap(corner)
        guard corners.count == nodes.count else { return Polygon([]) }
        let polygon = Polygon(corners)
        judge(polygon, nodes)
        return polygon
    }

    private func corner(_ node: Node) -> Point? {
        guard let pair = node.sequence, pair.count == 2 else {
            report("a corner must be two numbers [x, y]", node)
            return nil
        }
        let (x, y) = (share(pair[0], "x", of: "width"), share(pair[1], "y", of: "height"))
        guard let x, let y else { return nil }
        return Point(x: x, y: y)
    }

    private func share(_ node: Node, _ axis: String, of side: String) -> Double? {
        guard let text = node.scalar?.string, let value = Form.number(text) else {
            report("\(axis) must be a number from 0 to 1, a share of the picture's \(side)", node)
            return nil
        }
        guard (0...1).contains(value) else {
            report(
                "\(axis) is \(Wording.number(value)), outside the picture: give a share of its \(side) from 0 to 1 "
                    + "(pixels divided by the \(side))", node)
            return nil
        }
        return value
    }

    private func judge(_ polygon: Polygon, _ nodes: [Node]) {
        let corners = polygon.corners
        for (index, corner) in corners.enumerated() where corner == corners[(index + 1) % corners.count] {
            // A manually closed ring repeats its first corner at its end.
            let later = index + 1 == corners.count ? index : index + 1
            return report(
                "corner \(later + 1) repeats its neighbour: remove it, a polygon closes by itself", nodes[later])
        }
        if let (first, second) = polygon.crossing {
            report(
                "the polygon crosses itself, side \(first + 1) meets side \(second + 1): give the corners in their "
                    + "order around it", nodes[second])
        } else if polygon.area < 1e-6 {
            section.report("the polygon has no area: its corners lie on one line, move them apart", key)
        }
    }

    private func report(_ message: String, _ node: Node) {
        section.log.report("\(section.place): \(message)", at: Position(node))
    }
}

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
