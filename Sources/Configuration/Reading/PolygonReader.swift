import Domain
import Yams

/// Reads and judges the polygon under one key.
struct PolygonReader<Key: RawRepresentable & Hashable> where Key.RawValue == String {
    private static var mostCorners: Int { 100 }

    private let section: Section<Key>
    private let key: Key

    init(_ section: Section<Key>, _ key: Key) {
        self.section = section
        self.key = key
    }

    /// Empty where there is none without fault.
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
            // A ring that is closed by hand repeats its first corner at its end.
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
