/// The colour differences of a small picture, of the size of its luma: one byte a pixel each, 128 is grey.
public struct Chroma: Sendable, Equatable {
    public let blue: [UInt8]
    public let red: [UInt8]

    public init(blue: [UInt8], red: [UInt8]) {
        self.blue = blue
        self.red = red
    }
}
