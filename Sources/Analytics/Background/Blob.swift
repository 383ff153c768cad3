import Domain

/// A connected part of a mask.
struct Blob: Sendable {
    /// Indices into the picture, in the order of the search.
    var pixels: [Int]
    /// Bounds in pixels, both ends inclusive.
    var left: Int
    var top: Int
    var right: Int
    var bottom: Int

    var width: Int { right - left + 1 }
    var height: Int { bottom - top + 1 }
    var area: Int { pixels.count }
    /// The share of its bounding box that it fills, 0…1.
    var fill: Double { Double(area) / Double(width * height) }

    func box(in plane: Plane) -> Box {
        Box(
            x: Double(left) / Double(plane.width), y: Double(top) / Double(plane.height),
            width: Double(width) / Double(plane.width), height: Double(height) / Double(plane.height))
    }

    /// The 8-connected parts of `mask` where it is not zero, of at least `least` pixels.
    static func all(in mask: Plane, least: Int) -> [Blob] {
        let (width, height) = (mask.width, mask.height)
        var seen = mask.values
        var found: [Blob] = []
        var stack: [Int] = []
        for start in seen.indices where seen[start] != 0 {
            seen[start] = 0
            stack = [start]
            var blob = Blob(
                pixels: [], left: start % width, top: start / width, right: start % width, bottom: start / width)
            while let pixel = stack.popLast() {
                blob.pixels.append(pixel)
                let (x, y) = (pixel % width, pixel / width)
                blob.left = min(blob.left, x)
                blob.right = max(blob.right, x)
                blob.top = min(blob.top, y)
                blob.bottom = max(blob.bottom, y)
                for near in max(0, y - 1)...min(height - 1, y + 1) {
                    for column in max(0, x - 1)...min(width - 1, x + 1) where seen[near * width + column] != 0 {
                        seen[near * width + column] = 0
                        stack.append(near * width + column)
                    }
                }
            }
            if blob.area >= least { found.append(blob) }
        }
        return found
    }
}
