/// One picture, measured for `ReferenceView`.
struct View: Sendable {
    let edges: EdgeField
    let cells: CellMeans
    /// Mean squared weight of its edges, 0…1.
    let energy: Double
    /// Contrast over two pixels divided by contrast over the cells: blurring reduces the former only, exposure and fog
    /// change both alike.
    let sharpness: Double

    init(_ picture: GreyImage) {
        edges = EdgeField(picture)
        cells = CellMeans(picture)
        energy = edges.energy
        sharpness = Self.fineContrast(picture) / (cells.contrast + 0.5)
    }

    private static func fineContrast(_ picture: GreyImage) -> Double {
        let (width, height) = (picture.width, picture.height)
        guard width > 2, height > 2 else { return 0 }
        var sum = 0
        picture.pixels.withUnsafeBufferPointer { pixels in
            for row in 0..<height - 2 {
                for at in row * width..<row * width + width - 2 {
                    let here = Int(pixels[at])
                    sum += abs(Int(pixels[at + 2]) - here) + abs(Int(pixels[at + 2 * width]) - here)
                }
            }
        }
        return Double(sum) / Double(2 * (width - 2) * (height - 2))
    }
}
