/// Whether a changed part of the picture is the background seen through haze.
///
/// Through haze of opacity a and colour s the picture is (1 − a) · ground + a · s (Koschmieder's law of airlight): its
/// contrast falls and its dark parts rise together. A shadow is gain · ground without a rise; a lamp adds without a
/// loss of contrast; a vehicle replaces the background, so that nothing of its structure is left. Where the background is
/// bright and nearly plain, as a sky is, light that grows over the place passes for either: then it is taken for light.
struct HazeEvidence: Sendable {
    /// Picture ≈ slope · ground + rise, in levels.
    let slope: Double
    let rise: Double
    /// Correlation of the gradients of picture and background, −1…1.
    let structure: Double
    /// The share of pixels that changed since the previous look, 0…1.
    let stirring: Double
    /// Whether light that varies smoothly over the place explains the change; false where the slope is none of haze, and nobody asks.
    let isLight: Bool
    /// Mean distance from grey of the picture minus that of the background, in levels.
    let colour: Double

    private static let slopes = 0.15...0.88
    private static let leastRise = 14.0
    /// Luma of the haze itself, in levels: smoke by day is neither black nor burnt out.
    private static let haze = 70.0...250.0
    private static let leastStructure = 0.4
    private static let leastStirring = 0.1
    private static let mostColour = 3.0

    var isHaze: Bool {
        Self.slopes.contains(slope) && rise >= Self.leastRise && Self.haze.contains(rise / (1 - slope))
            && structure >= Self.leastStructure && stirring >= Self.leastStirring && colour <= Self.mostColour
            && !isLight
    }
}

extension HazeEvidence {
    /// Nil where the background is too plain to tell.
    init?(of pixels: [Int], in model: BackgroundModel) {
        let seen = pixels.filter { model.hidden.values[$0] == 0 }
        guard seen.count >= 40 else { return nil }
        let count = Double(seen.count)
        let ground = model.ground.luma.values
        let view = model.view.luma.values
        let meanGround = Double(seen.reduce(0) { $0 + Int(ground[$1]) }) / count
        let meanView = Double(seen.reduce(0) { $0 + Int(view[$1]) }) / count
        var (variance, covariance) = (0.0, 0.0)
        for pixel in seen {
            let deviation = Double(ground[pixel]) - meanGround
            variance += deviation * deviation
            covariance += deviation * (Double(view[pixel]) - meanView)
        }
        guard (variance / count).squareRoot() >= 6 else { return nil }
        slope = covariance / variance
        rise = meanView - slope * meanGround
        structure = Self.structure(seen, model)
        stirring = Double(seen.count { model.stirred.values[$0] != 0 }) / count
        func tint(_ picture: ColourPicture) -> Double {
            Double(
                seen.reduce(0) { $0 + abs(Int(picture.blue.values[$1]) - 128) + abs(Int(picture.red.values[$1]) - 128) }
            )
                / count
        }
        colour = tint(model.view) - tint(model.ground)
        let (noise, change) = ForegroundEvidence.change(seen, model)
        isLight =
            Self.slopes.contains(slope)
            && ForegroundEvidence.isLight(
                residual: ForegroundEvidence.fit(seen, model).residual, noise: noise, change: change)
    }

    private static func structure(_ pixels: [Int], _ model: BackgroundModel) -> Double {
        let (width, height) = (model.width, model.height)
        let ground = model.ground.luma.values
        let view = model.view.luma.values
        var (product, groundSquares, viewSquares) = (0.0, 0.0, 0.0)
        for pixel in pixels {
            let (x, y) = (pixel % width, pixel / width)
            guard x > 0, y > 0, x < width - 1, y < height - 1 else { continue }
            for step in [1, width] {
                let below = Double(ground[pixel + step]) - Double(ground[pixel - step])
                let above = Double(view[pixel + step]) - Double(view[pixel - step])
                product += below * above
                groundSquares += below * below
                viewSquares += above * above
            }
        }
        let scale = (groundSquares * viewSquares).squareRoot()
        return scale > 0 ? product / scale : 0
    }
}
