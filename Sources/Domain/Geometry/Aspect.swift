/// The shape of a displayed picture: its width to its height, such as 16:9.
public struct Aspect: Sendable, Hashable, CustomStringConvertible {
    /// Whole numbers, such as 16 and 9.
    public let width: Int
    public let height: Int

    /// The narrowest and the widest picture of a camera, with a margin: 9:16 for a corridor, 32:9 for two lenses side
    /// by side.
    public static let plausible = 1.0 / 6...6.0

    /// Nil for an implausible shape: see `plausible`.
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
