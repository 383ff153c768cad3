/// Luma and colour differences of one look, smoothed.
struct ColourPicture: Sendable, Equatable {
    var luma: Plane
    var blue: Plane
    var red: Plane

    var width: Int { luma.width }
    var height: Int { luma.height }

    init(luma: Plane, blue: Plane, red: Plane) {
        self.luma = luma
        self.blue = blue
        self.red = red
    }

    /// Nil where the scene carries no colour of its picture's size.
    init?(_ scene: Scene) {
        let (width, height) = (scene.picture.width, scene.picture.height)
        guard let chroma = scene.chroma, chroma.blue.count == width * height, chroma.red.count == width * height else {
            return nil
        }
        luma = Plane(scene.picture).smoothed()
        blue = Plane(width: width, height: height, values: chroma.blue).smoothed()
        red = Plane(width: width, height: height, values: chroma.red).smoothed()
    }

    /// From this level on a channel may be clipped: the smoothing and the codec take a little from 255.
    private static let clipped = 250.0

    /// Whether red, green or blue is as bright as can be stored: then what colour it has says how bright it is, as in a sky
    /// between blue and white.
    func isClipped(at pixel: Int) -> Bool {
        let value = Double(luma.values[pixel])
        let (b, r) = (Double(blue.values[pixel]) - 128, Double(red.values[pixel]) - 128)
        // ITU-R BT.601, as the picture was made.
        return max(value + 1.772 * b, value + 1.402 * r, value - 0.344 * b - 0.714 * r) >= Self.clipped
    }

    func shifted(x: Int, y: Int) -> ColourPicture {
        ColourPicture(luma: luma.shifted(x: x, y: y), blue: blue.shifted(x: x, y: y), red: red.shifted(x: x, y: y))
    }
}
