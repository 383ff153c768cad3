/// The shape of a picture as it is shown: its width by its height, such as 16:9.
public struct Aspect: Sendable, Hashable, CustomStringConvertible {
    /// Whole numbers, such as 16 and 9.
    public let width: Int
    public let height: Int

    /// The narrowest and the widest picture of a camera, and some more: a corridor's is 9:16, that of two lenses beside
    /// one another 32:9.
    public static let plausible = 1.0 / 6...6.0

    /// Nil where it is no shape of a camera's picture: see `plausible`.
    public init?(width: Int, height: Int) {
        guard width > 0, height > 0, Self.plausible.contains(Double(width) / Double(height)) else { return nil }
        self.width = width
        self.height = height
    }

    /// - Parameter text: as in `16:9`.
    public init?(_ text: String) {
        let sides = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let width = sides[0], let height = sides[1], width <= 10_000, height <= 10_000 else {
            return nil
        }
        self.init(width: width, height: height)
    }

    public var description: String { "\(width):\(height)" }
}
