public import Analytics
public import Video

/// Makes the small picture that gate, trackers and rules work on. One owner, one thread.
public struct SmallPicture: ~Copyable {
    /// Pixels.
    public static let width = 320

    private let isColoured: Bool
    private var scaler: Scaler?

    /// - Parameter isColoured: whether the colour differences are wanted as well.
    public init(isColoured: Bool = false) { self.isColoured = isColoured }

    /// Rows of the small picture.
    public static func height(of frame: Frame) -> Int {
        max(1, (width * frame.height + frame.width / 2) / max(1, frame.width))
    }

    /// Throws where libswscale does not know the frame's pixel format.
    public mutating func picture(of frame: Frame) throws -> (luma: GreyImage, chroma: Chroma?) {
        let height = Self.height(of: frame)
        if scaler?.height != height {
            scaler = Scaler(width: Self.width, height: height, format: isColoured ? .planes : .grey)
        }
        let count = Self.width * height
        let planes =
            try scaler?.scale(frame) { pixels in
                stride(from: 0, to: pixels.count, by: count).map { Array(pixels[$0..<min($0 + count, pixels.count)]) }
            } ?? []
        guard let luma = planes.first.flatMap({ GreyImage(width: Self.width, height: height, pixels: $0) }) else {
            throw InferenceError("make a small picture", cause: "its size is wrong", remedy: "report this")
        }
        return (luma, planes.count == 3 ? Chroma(blue: planes[1], red: planes[2]) : nil)
    }
}
