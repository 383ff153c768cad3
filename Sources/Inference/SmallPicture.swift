public import Analytics
public import Video

/// Makes the small luma picture that gate, trackers and rules work on. One owner, one thread.
public struct SmallPicture: ~Copyable {
    /// Pixels.
    public static let width = 320

    private var scaler: Scaler?

    public init() {}

    /// Throws where libswscale does not know the frame's pixel format.
    public mutating func picture(of frame: Frame) throws -> GreyImage {
        let height = max(1, (Self.width * frame.height + frame.width / 2) / max(1, frame.width))
        if scaler?.height != height { scaler = Scaler(width: Self.width, height: height, format: .grey) }
        let pixels = try scaler?.scale(frame) { Array($0) } ?? []
        guard let picture = GreyImage(width: Self.width, height: height, pixels: pixels) else {
            throw InferenceError("make a small picture", cause: "its size is wrong", remedy: "report this")
        }
        return picture
    }
}
