import Domain

/// The size of a car as a function of its vertical position in the picture, learnt from detected vehicles.
///
/// On flat ground before a level camera an object's size grows with the distance of its foot from the horizon: a line,
/// fitted by the median of slopes (Theil 1950, Sen 1968), which tolerates some wrong detections.
struct Perspective: Sendable {
    /// Number of recent vehicles that are stored, and how many are enough for an estimate.
    private static let kept = 48
    private static let enough = 10
    /// After so many more the estimate is renewed.
    private static let fresh = 8
    /// Heights of the picture within which it extrapolates beyond its samples.
    private static let reach = 0.05
    /// Two vehicles closer than this, as a share of the height, give no slope.
    private static let apart = 0.02
    /// The root of the visible area of a truck and a bus relative to a car, from lengths of 4.5, 7 and 12 m and heights
    /// of 1.5, 2.8 and 3 m.
    private static func carSizes(_ kind: ObjectClass) -> Double {
        switch kind {
        case .bus: 2.3
        case .truck: 1.7
        default: 1
        }
    }

    private var seen: [(foot: Double, size: Double)] = []
    private var untold = 0
    private var line: (slope: Double, offset: Double, from: Double)?

    /// - Parameters:
    ///   - width: of the picture, in pixels, as is `height`.
    mutating func learn(_ detection: Detection, width: Int, height: Int) {
        let box = detection.box
        // A vehicle cut by the picture's edge is larger than it looks.
        guard box.x > 0.005, box.y > 0.005, box.maxX < 0.995, box.maxY < 0.995, box.area > 0 else { return }
        let size = (box.area * Double(height) / Double(max(1, width))).squareRoot()
        let car = size / Self.carSizes(detection.objectClass)
        // The same standing vehicle again adds nothing.
        guard !seen.contains(where: { abs($0.foot - box.maxY) < 0.002 && abs($0.size - car) < 0.02 * car }) else {
            return
        }
        seen = seen.suffix(Self.kept - 1) + [(box.maxY, car)]
        untold += 1
        if seen.count >= Self.enough, untold >= Self.fresh || line == nil {
            untold = 0
            line = Self.line(seen)
        }
    }

    /// The root of a car's area as a share of the picture's width where its wheels are at height `y`, 0…1; nil where
    /// too few vehicles have been seen so far up.
    func size(at y: Double) -> Double? {
        guard let line, y >= line.from - Self.reach else { return nil }
        return max(0, line.slope * y + line.offset)
    }

    private static func line(_ seen: [(foot: Double, size: Double)]) -> (slope: Double, offset: Double, from: Double) {
        var slopes: [Double] = []
        for (index, a) in seen.enumerated() {
            for b in seen[..<index] where abs(a.foot - b.foot) >= apart {
                slopes.append((a.size - b.size) / (a.foot - b.foot))
            }
        }
        // All at one height: the estimate holds for that height only.
        let slope = slopes.count >= enough ? median(slopes) : 0
        let offset = median(seen.map { $0.size - slope * $0.foot })
        // The 10th percentile rather than the farthest: a single wrong detection does not extend the range.
        let feet = seen.map(\.foot).sorted()
        return (slope, offset, feet[feet.count / 10])
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
