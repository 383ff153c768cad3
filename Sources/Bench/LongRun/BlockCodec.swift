import Foundation

/// The effect of a codec on a plane: blocks of 8 × 8 through the discrete cosine transform and back, with the
/// quantisation of JPEG's Annex K (ITU-T T.81), which H.264's intra blocks resemble in blocking and ringing.
struct BlockCodec {
    /// ITU-T T.81, table K.1: luminance.
    private static let steps: [Float] = [
        16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29,
        51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121,
        120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
    ]
    private static let side = 8
    /// `cosines[k * 8 + n]`: the orthonormal transform's row k.
    private static let cosines: [Float] = (0..<64).map { index in
        let (k, n) = (index / 8, index % 8)
        return Float((k == 0 ? 0.125.squareRoot() : 0.5) * cos(Double(2 * n + 1) * Double(k) * .pi / 16))
    }

    private let steps: [Float]

    /// - Parameter quality: 1 (worst) … 100, as libjpeg scales table K.1.
    init(quality: Int) {
        let quality = Float(min(100, max(1, quality)))
        let scale = quality < 50 ? 50 / quality : 2 - quality / 50
        steps = Self.steps.map { max(1, $0 * scale) }
    }

    /// Whole blocks only: the remainder at the right and the lower edge is unchanged.
    func compress(_ plane: inout [UInt8], width: Int, height: Int) {
        var (block, rows) = ([Float](repeating: 0, count: 64), [Float](repeating: 0, count: 64))
        for top in stride(from: 0, through: height - Self.side, by: Self.side) {
            for left in stride(from: 0, through: width - Self.side, by: Self.side) {
                for pixel in 0..<64 { block[pixel] = Float(plane[(top + pixel / 8) * width + left + pixel % 8]) - 128 }
                Self.transform(&block, &rows, isForward: true)
                for pixel in 0..<64 { block[pixel] = (block[pixel] / steps[pixel]).rounded() * steps[pixel] }
                Self.transform(&block, &rows, isForward: false)
                for pixel in 0..<64 {
                    plane[(top + pixel / 8) * width + left + pixel % 8] =
                        UInt8(min(255, max(0, (block[pixel] + 128).rounded())))
                }
            }
        }
    }

    /// Rows, then columns.
    private static func transform(_ block: inout [Float], _ rows: inout [Float], isForward: Bool) {
        for y in 0..<8 {
            for k in 0..<8 {
                var sum: Float = 0
                for n in 0..<8 { sum += block[y * 8 + n] * (isForward ? cosines[k * 8 + n] : cosines[n * 8 + k]) }
                rows[y * 8 + k] = sum
            }
        }
        for x in 0..<8 {
            for k in 0..<8 {
                var sum: Float = 0
                for n in 0..<8 { sum += rows[n * 8 + x] * (isForward ? cosines[k * 8 + n] : cosines[n * 8 + k]) }
                block[k * 8 + x] = sum
            }
        }
    }
}
