import Domain
import Foundation
import Testing

@testable import Video

@Suite struct ScalerTests {
    /// Luma from 4 to 251 in steps, in full range.
    private func frame() throws -> Frame {
        let (width, height) = (64, 48)
        let luma = (0..<width * height).map { UInt8(4 + $0 % width / 8 * 35) }
        let grey = [UInt8](repeating: 128, count: width * height)
        return try Frame(
            planes: [luma, grey, grey], width: width, height: height, time: MediaTime(0),
            date: Date(timeIntervalSince1970: 0))
    }

    @Test(arguments: [Scaler.Format.planes, .grey])
    func `a full-range picture keeps its luma each time`(format: Scaler.Format) throws {
        let frame = try frame()
        var scaler = Scaler(width: 32, height: 24, format: format)
        // Contexts come and go beside it, so that memory is given out again.
        for _ in 0..<500 {
            var other = Scaler(width: 16, height: 12, format: .planes)
            _ = try other.scale(frame) { $0.count }
            let luma = try scaler.scale(frame) { pixels in (0..<8).map { Int(pixels[12 * 32 + $0 * 4 + 2]) } }
            for (step, value) in luma.enumerated() { #expect(abs(value - (4 + step * 35)) <= 1) }
        }
    }
}
