public import Analytics
public import Video

/// Makes the small picture for gate, trackers and rules. One owner, one thread.
public struct SmallPicture: ~Copyable {
    /// Pixels.
    public static let width = 320

    private let isColoured: Bool
    private var scaler: Scaler?

    /// - Parameter isColoured: whether the colour differences are needed as well.
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

/// How the values of a picture enter a network: unchanged or, where the picture is dark, stretched over the whole
/// range, as in the training pictures.
struct Exposure: Equatable {
    /// A picture is dark where less than 1 % of the pixels reach half of the range: a camera with automatic exposure
    /// would expose it higher.
    private static let half = 128
    /// The share of pixels that may lie outside the range at either end, such as a lamp at night.
    private static let tail = 100
    /// The least range, in levels, that is stretched: over fewer levels, eight bits hold hardly more than noise.
    private static let leastRange = 16

    /// The new value of each level; nil for no change.
    let table: [UInt8]?

    static let asItIs = Exposure(table: nil)

    private init(table: [UInt8]?) { self.table = table }

    /// - Parameter rgb: 3 bytes a pixel.
    init(of rgb: UnsafeBufferPointer<UInt8>) {
        var counts = [Int](repeating: 0, count: 256)
        let pixels = rgb.count / 3
        for pixel in 0..<pixels {
            counts[(Int(rgb[3 * pixel]) + Int(rgb[3 * pixel + 1]) + Int(rgb[3 * pixel + 2])) / 3] += 1
        }
        func level(below share: Int) -> Int {
            var sum = 0
            return counts.firstIndex { count in
                sum += count
                return sum * Self.tail > pixels * share
            } ?? 255
        }
        let (low, high) = (level(below: 1), level(below: Self.tail - 1))
        guard pixels > 0, high < Self.half else {
            table = nil
            return
        }
        let range = max(high - low, Self.leastRange)
        table = (0..<256).map { UInt8(min(255, max(0, ($0 - low) * 255 / range))) }
    }
}
