/// An upright rectangle in normalised picture coordinates: 0…1, origin at the top left.
public struct Box: Hashable, Sendable, Codable {
    public var x: Double
    public var y: Double
    public var width: Double
    public var height: Double

    @inlinable public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The whole picture.
    public static let whole = Box(x: 0, y: 0, width: 1, height: 1)

    @inlinable public var maxX: Double { x + width }
    @inlinable public var maxY: Double { y + height }
    @inlinable public var area: Double { width * height }
    @inlinable public var centre: Point { Point(x: x + width / 2, y: y + height / 2) }

    /// Area shared with `other`, in squared normalised units.
    @inlinable public func intersection(_ other: Box) -> Double {
        let w = min(maxX, other.maxX) - max(x, other.x)
        let h = min(maxY, other.maxY) - max(y, other.y)
        return w > 0 && h > 0 ? w * h : 0
    }

    /// Intersection over union, 0…1.
    @inlinable public func iou(_ other: Box) -> Double {
        let shared = intersection(other)
        let union = area + other.area - shared
        return union > 0 ? shared / union : 0
    }

    /// The share of this box that `other` covers, 0…1.
    @inlinable public func covered(by other: Box) -> Double { area > 0 ? intersection(other) / area : 0 }

    @inlinable public func holds(_ point: Point) -> Bool {
        point.x >= x && point.x <= maxX && point.y >= y && point.y <= maxY
    }

    /// The smallest box that contains both.
    @inlinable public func union(_ other: Box) -> Box {
        let (left, top) = (min(x, other.x), min(y, other.y))
        return Box(x: left, y: top, width: max(maxX, other.maxX) - left, height: max(maxY, other.maxY) - top)
    }

    /// Grown by `share` of its own size on every side, cut at the picture's edge.
    @inlinable public func grown(by share: Double) -> Box {
        let left = max(0, x - width * share)
        let top = max(0, y - height * share)
        return Box(
            x: left, y: top, width: min(1, maxX + width * share) - left, height: min(1, maxY + height * share) - top)
    }

    /// Where it touches the ground: the lowest third, which contains a vehicle's wheels.
    @inlinable public var footprint: Box { Box(x: x, y: y + height * 2 / 3, width: width, height: height / 3) }
}

/// A point in normalised picture coordinates: 0…1, origin at the top left.
public struct Point: Hashable, Sendable, Codable {
    public var x: Double
    public var y: Double

    @inlinable public init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }
}
