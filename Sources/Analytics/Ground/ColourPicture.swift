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

    func shifted(x: Int, y: Int) -> ColourPicture {
        ColourPicture(luma: luma.shifted(x: x, y: y), blue: blue.shifted(x: x, y: y), red: red.shifted(x: x, y: y))
    }
}
