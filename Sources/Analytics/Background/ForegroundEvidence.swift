import Domain
import Foundation

/// Whether a changed part of the picture is an object that arrived, rather than light or the trace of something that
/// left.
struct ForegroundEvidence: Sendable {
    /// How much better the outline of the change fits the picture than the background; positive for an arrival.
    let came: Double
    /// The residual of the change, in levels, after removing the best smooth gain of the background's own pattern, and
    /// the residual that noise would leave.
    let residual: Double
    let noise: Double
    /// The best-fitting gain, and the mean change of colour; 0 where nearly all pixels are clipped.
    let gain: Double
    let colour: Double
    /// Mean change of luma, in levels.
    let change: Double

    /// Least log ratio of an object.
    private static let leastCame = 0.0
    /// Skylight alone is at least a seventh of full daylight; with a display gamma of 2.2 that is a gain of 0.4.
    /// Anything darker is no shadow.
    private static let darkestShadow = 0.4
    /// A change of colour that light from another part of the sky does not reach, in levels.
    private static let leastColour = 11.0

    /// Levels of luma and colour together, below which no conclusion is possible.
    private static let leastChange = 9.0

    var isLight: Bool {
        guard colour < Self.leastColour, gain > Self.darkestShadow else { return false }
        return Self.isLight(residual: residual, noise: noise, change: change)
    }

    /// Whether a smooth gain leaves no more than noise does, or hardly anything of the change.
    static func isLight(residual: Double, noise: Double, change: Double) -> Bool {
        residual < max(2.6, 1.45 * noise) || residual < 0.09 * change
    }

    var speaksForThing: Bool { came > Self.leastCame && change + colour > max(Self.leastChange, 3 * noise) && !isLight }

    /// Whether the residual or the colour is too large to be explained by light from another direction, which the fit
    /// does not model: when the sun goes in, each blade of grass loses a shadow of its own.
    var outlastsLight: Bool { residual > 3 * noise || colour >= Self.leastColour }

    init(of pixels: [Int], box: Box, in model: BackgroundModel) {
        let (width, height) = (model.width, model.height)
        let inside = Plane(width: width, height: height, marking: pixels)
        // In the order of the pixels: sums over a set would differ from run to run in their last digits.
        let edge = pixels.filter { Self.isEdge($0, inside) }
        came = Self.outline(edge, pixels, inside, box, model)
        let core = pixels.filter { !Self.isEdge($0, inside) && model.hidden.values[$0] == 0 }
        let used = core.count >= 12 ? core : pixels.filter { model.hidden.values[$0] == 0 }
        (gain, residual) = Self.fit(used, model)
        (noise, change) = Self.change(used, model)
        colour = Self.colour(used, model)
    }

    /// What noise leaves of a fit, and the mean change of luma, in levels.
    static func change(_ pixels: [Int], _ model: BackgroundModel) -> (noise: Double, change: Double) {
        let count = Double(max(1, pixels.count))
        let noise = pixels.reduce(0) { $0 + Double(model.noise.values[$1]) / 8 } / count * 1.25
        let change = pixels.reduce(0) {
            $0 + abs(Double(model.view.luma.values[$1]) - Double(model.ground.luma.values[$1]))
        }
        return (noise, change / count)
    }

    /// Least share of unclipped pixels for the colour to count.
    private static let colouredShare = 1.0 / 3

    private static func colour(_ pixels: [Int], _ model: BackgroundModel) -> Double {
        let coloured = pixels.filter {
            !model.ground.isClipped(at: $0) && !(model.lastSeen?.isClipped(at: $0) ?? false)
        }
        guard !coloured.isEmpty, Double(coloured.count) >= colouredShare * Double(pixels.count) else { return 0 }
        func mean(_ plane: KeyPath<ColourPicture, Plane>) -> Double {
            coloured.reduce(0) {
                $0 + Double(model.view[keyPath: plane].values[$1]) - Double(model.ground[keyPath: plane].values[$1])
            } / Double(coloured.count)
        }
        return abs(mean(\.blue)) + abs(mean(\.red))
    }

    /// Whether a pixel of the change touches the outside.
    static func isEdge(_ pixel: Int, _ inside: Plane) -> Bool {
        let (width, height) = (inside.width, inside.height)
        let (x, y) = (pixel % width, pixel / width)
        guard x > 0, y > 0, x < width - 1, y < height - 1 else { return false }
        return inside.values[pixel - 1] == 0 || inside.values[pixel + 1] == 0 || inside.values[pixel - width] == 0
            || inside.values[pixel + width] == 0
    }

    /// Gradients along the outline, and the contrast of the inside with a ring around it, in the picture compared with
    /// the background.
    private static func outline(
        _ edge: [Int], _ pixels: [Int], _ inside: Plane, _ box: Box, _ model: BackgroundModel
    ) -> Double {
        let (width, height) = (model.width, model.height)
        func gradient(_ plane: Plane, _ pixel: Int) -> Double {
            let (x, y) = (pixel % width, pixel / width)
            guard x > 0, y > 0, x < width - 1, y < height - 1 else { return 0 }
            let (across, down) = plane.gradient(at: pixel)
            return (across * across + down * down).squareRoot()
        }
        let count = Double(max(1, edge.count))
        let now = edge.reduce(0) { $0 + gradient(model.view.luma, $1) } / count
        let then = edge.reduce(0) { $0 + gradient(model.ground.luma, $1) } / count
        var ring: [Int] = []
        let reach = 5
        let (left, right) = (Int(box.x * Double(width)) - reach, Int(box.maxX * Double(width)) + reach)
        let (top, bottom) = (Int(box.y * Double(height)) - reach, Int(box.maxY * Double(height)) + reach)
        for y in max(0, top)..<max(0, min(height, bottom)) {
            for x in max(0, left)..<max(0, min(width, right)) {
                let pixel = y * width + x
                if inside.values[pixel] == 0, model.foreground.values[pixel] == 0, model.hidden.values[pixel] == 0 {
                    ring.append(pixel)
                }
            }
        }
        let (contrastNow, contrastThen) = (
            contrast(pixels, ring, model.view), contrast(pixels, ring, model.ground)
        )
        return log((now + 6) / (then + 6)) + log((contrastNow + 8) / (contrastThen + 8))
    }

    private static func contrast(_ inside: [Int], _ ring: [Int], _ picture: ColourPicture) -> Double {
        guard !ring.isEmpty, !inside.isEmpty else { return 0 }
        func mean(_ pixels: [Int], _ plane: Plane) -> Double {
            Double(pixels.reduce(0) { $0 + Int(plane.values[$1]) }) / Double(pixels.count)
        }
        return abs(mean(inside, picture.luma) - mean(ring, picture.luma))
            + abs(mean(inside, picture.blue) - mean(ring, picture.blue))
            + abs(mean(inside, picture.red) - mean(ring, picture.red))
    }

    /// Least squares of picture = (a + b·x + c·y) · ground; returns the mean gain and the remaining deviation.
    static func fit(_ pixels: [Int], _ model: BackgroundModel) -> (gain: Double, residual: Double) {
        guard pixels.count >= 6 else { return (1, 255) }
        let width = model.width
        let centreX = pixels.reduce(0.0) { $0 + Double($1 % width) } / Double(pixels.count)
        let centreY = pixels.reduce(0.0) { $0 + Double($1 / width) } / Double(pixels.count)
        var m = [Double](repeating: 0, count: 9)
        var v = [Double](repeating: 0, count: 3)
        func terms(_ pixel: Int) -> (Double, Double, Double) {
            let ground = Double(model.ground.luma.values[pixel]) + 6
            let (x, y) = ((Double(pixel % width) - centreX) / 16, (Double(pixel / width) - centreY) / 16)
            return (ground, ground * x, ground * y)
        }
        for pixel in pixels {
            let (p, q, r) = terms(pixel)
            let value = Double(model.view.luma.values[pixel]) + 6
            m[0] += p * p
            m[1] += p * q
            m[2] += p * r
            m[4] += q * q
            m[5] += q * r
            m[8] += r * r
            v[0] += p * value
            v[1] += q * value
            v[2] += r * value
        }
        // A small ridge keeps the system solvable for thin shapes.
        let ridge = m[0] * 1e-4 + 1e-9
        let (a, b, c, d, e, f) = (m[0], m[1], m[2], m[4] + ridge, m[5], m[8] + ridge)
        let determinant = a * (d * f - e * e) - b * (b * f - e * c) + c * (b * e - d * c)
        guard abs(determinant) > 1e-9 else { return (1, 255) }
        let x0 = (v[0] * (d * f - e * e) - b * (v[1] * f - e * v[2]) + c * (v[1] * e - d * v[2])) / determinant
        let x1 = (a * (v[1] * f - v[2] * e) - v[0] * (b * f - c * e) + c * (b * v[2] - c * v[1])) / determinant
        let x2 = (a * (d * v[2] - e * v[1]) - b * (b * v[2] - c * v[1]) + v[0] * (b * e - c * d)) / determinant
        let left = pixels.map { pixel in
            let (p, q, r) = terms(pixel)
            return abs(Double(model.view.luma.values[pixel]) + 6 - x0 * p - x1 * q - x2 * r)
        }.sorted()
        // The median, since a passer-by in a corner must not turn a shadow into an object; 1.48 times it is σ.
        return (x0, left[left.count / 2] * 1.4826)
    }
}
