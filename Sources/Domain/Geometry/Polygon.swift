/// A closed area in normalised picture coordinates; at least three corners, not self-crossing.
public struct Polygon: Hashable, Sendable, Codable {
    public let corners: [Point]

    @inlinable public init(_ corners: [Point]) { self.corners = corners }

    /// Unsigned area by the shoelace formula, in squared normalised units.
    @inlinable public var area: Double {
        guard corners.count > 2 else { return 0 }
        var twice = 0.0
        for (index, a) in corners.enumerated() {
            let b = corners[(index + 1) % corners.count]
            twice += a.x * b.y - b.x * a.y
        }
        return abs(twice) / 2
    }

    @inlinable public var bounds: Box {
        let xs = corners.map(\.x)
        let ys = corners.map(\.y)
        let (left, top) = (xs.min() ?? 0, ys.min() ?? 0)
        return Box(x: left, y: top, width: (xs.max() ?? 0) - left, height: (ys.max() ?? 0) - top)
    }

    /// Distance from the picture's edge, as a share, within which an area counts as reaching it.
    private static let nearEdge = 0.02

    /// The edges of the picture that it reaches: `left`, `right`, `top`, `bottom`. Objects there may be cut.
    public var pictureEdges: [String] {
        let box = bounds
        return [
            box.x <= Self.nearEdge ? "left" : nil, box.maxX >= 1 - Self.nearEdge ? "right" : nil,
            box.y <= Self.nearEdge ? "top" : nil, box.maxY >= 1 - Self.nearEdge ? "bottom" : nil,
        ].compactMap(\.self)
    }

    /// True where `point` is inside, by the even-odd rule.
    @inlinable public func contains(_ point: Point) -> Bool {
        var inside = false
        var previous = corners.last ?? point
        for corner in corners {
            if (corner.y > point.y) != (previous.y > point.y),
                point.x < (previous.x - corner.x) * (point.y - corner.y) / (previous.y - corner.y) + corner.x
            {
                inside.toggle()
            }
            previous = corner
        }
        return inside
    }

    /// The share of `box` that lies inside, 0…1. Clips by Sutherland and Hodgman (1974).
    @inlinable public func share(of box: Box) -> Double {
        guard box.area > 0 else { return contains(box.centre) ? 1 : 0 }
        var points = corners
        points = clip(points, { $0.x - box.x })
        points = clip(points, { box.maxX - $0.x })
        points = clip(points, { $0.y - box.y })
        points = clip(points, { box.maxY - $0.y })
        return min(1, Polygon(points).area / box.area)
    }

    @inlinable func clip(_ points: [Point], _ distance: (Point) -> Double) -> [Point] {
        var kept: [Point] = []
        for (index, a) in points.enumerated() {
            let b = points[(index + 1) % points.count]
            let (da, db) = (distance(a), distance(b))
            if da >= 0 { kept.append(a) }
            if (da >= 0) != (db >= 0) {
                let t = da / (da - db)
                kept.append(Point(x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t))
            }
        }
        return kept
    }
}
