/// How the values of a picture enter a network: as they are or, where the picture is dark, spread over the whole range,
/// as they are in the pictures that it was trained on.
struct Exposure: Equatable {
    /// A picture is dark where not one pixel in a hundred reaches half of the range: a camera that can set its exposure
    /// sets it higher than that.
    private static let half = 128
    /// The share of the pixels that may lie outside the range at either end, as a lamp in the night does.
    private static let tail = 100
    /// The least range, in levels, that is spread: over fewer, eight bits hold hardly more than noise.
    private static let leastRange = 16

    /// What each value becomes; nil where it stays.
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
