public import Domain

/// An upright rectangle in whole pixels, origin at the top left.
public struct PixelBox: Sendable, Hashable {
    public var x: Int
    public var y: Int
    public var width: Int
    public var height: Int

    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The pixels that `box` touches in a picture of this size; empty where it is outside or not finite.
    public init(_ box: Box, width: Int, height: Int) {
        guard [box.x, box.y, box.width, box.height].allSatisfy(\.isFinite) else {
            self.init(x: 0, y: 0, width: 0, height: 0)
            return
        }
        func clamped(_ share: Double, _ size: Int) -> Double { max(0, min(1, share)) * Double(size) }
        let (left, top) = (Int(clamped(box.x, width)), Int(clamped(box.y, height)))
        self.init(
            x: left, y: top, width: max(0, Int(clamped(box.maxX, width).rounded(.up)) - left),
            height: max(0, Int(clamped(box.maxY, height).rounded(.up)) - top))
    }

    /// The part inside a picture of this size.
    public func cut(width: Int, height: Int) -> PixelBox {
        let (left, top) = (max(0, min(x, width)), max(0, min(y, height)))
        return PixelBox(
            x: left, y: top, width: max(0, min(x + self.width, width) - left),
            height: max(0, min(y + self.height, height) - top))
    }

    /// In shares of a picture of this size.
    public func normalised(width: Int, height: Int) -> Box {
        Box(
            x: Double(x) / Double(max(1, width)), y: Double(y) / Double(max(1, height)),
            width: Double(self.width) / Double(max(1, width)), height: Double(self.height) / Double(max(1, height)))
    }
}
