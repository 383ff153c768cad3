import Analytics
import Domain
import Foundation
public import Video

/// A street of blocks, the same in each picture but for the sensor's noise of ±1.
public enum BlockStreet {
    private static let (width, height) = (320, 180)

    /// - Parameters:
    ///   - seconds: the camera's time; the date is that of 2026-09-21 14:13:20 UTC and so much later.
    ///   - isCovered: a picture as black as with the cap on the lens.
    public static func frame(at seconds: Double, isCovered: Bool = false) throws -> Frame {
        var luma = [UInt8](repeating: 16, count: width * height)
        if !isCovered {
            for y in 0..<height {
                for x in 0..<width {
                    let block = (x / 16 &* 7919 &+ y / 12 &* 104_729) % 97
                    let noise = (x &* 31 &+ y &* 17 &+ Int(seconds * 10) &* 13) % 3 - 1
                    luma[y * width + x] = UInt8(60 + block + noise)
                }
            }
        }
        let chroma = [UInt8](repeating: 128, count: width * height)
        return try Frame(
            planes: [luma, chroma, chroma], width: width, height: height, time: MediaTime(seconds),
            date: Date(timeIntervalSince1970: 1_790_000_000 + seconds))
    }
}
