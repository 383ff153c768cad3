/// The colour differences of a small picture, of the size of its luma: one byte a pixel each, 128 is grey.
public struct Chroma: Sendable, Equatable {
    public let blue: [UInt8]
    public let red: [UInt8]

    public init(blue: [UInt8], red: [UInt8]) {
        self.blue = blue
        self.red = red
    }

    /// Levels from grey that noise and rounding reach, and the share of pixels beyond them in a picture that has colour: a
    /// lamp of the camera that glows in an infra-red picture is less.
    private static let grey = (levels: 6, share: 0.002)

    /// Whether the picture is without colour, as infra-red cameras send it by night; judged by every seventh pixel.
    public var isColourless: Bool {
        let places = stride(from: 0, to: min(blue.count, red.count), by: 7)
        let coloured = places.count {
            max(abs(Int(blue[$0]) - 128), abs(Int(red[$0]) - 128)) > Self.grey.levels
        }
        return Double(coloured) < Self.grey.share * Double(max(1, min(blue.count, red.count) / 7))
    }
}
