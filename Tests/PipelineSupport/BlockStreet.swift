import Analytics
public import Domain
import Foundation
public import Video

/// A street of blocks, the same in each picture but for the sensor's noise of ±1.
public enum BlockStreet {
    private static let usual = (width: 320, height: 180)

    /// - Parameters:
    ///   - seconds: the camera's time; the date is that of 2026-09-21 14:13:20 UTC and so much later.
    ///   - isCovered: a picture as black as with the cap on the lens.
    ///   - cars: in shares of the picture; what stands there looks otherwise than the street.
    ///   - size: of the picture; the street is stretched to it.
    public static func frame(
        at seconds: Double, isCovered: Bool = false, cars: [Box] = [], size: (width: Int, height: Int)? = nil
    ) throws -> Frame {
        let (width, height) = size ?? usual
        func isCar(_ x: Int, _ y: Int) -> Bool {
            let (x, y) = (Double(x) / Double(width), Double(y) / Double(height))
            return cars.contains { x >= $0.x && x < $0.x + $0.width && y >= $0.y && y < $0.y + $0.height }
        }
        var luma = [UInt8](repeating: 16, count: width * height)
        if !isCovered {
            for y in 0..<height {
                for x in 0..<width {
                    let (column, row) = (x * usual.width / width, y * usual.height / height)
                    let block =
                        isCar(x, y)
                        ? (column / 8 &* 31 &+ row / 6 &* 57) % 89 + 70
                        : (column / 16 &* 7919 &+ row / 12 &* 104_729) % 97
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
