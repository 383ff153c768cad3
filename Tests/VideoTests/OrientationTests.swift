import Foundation
import TestSupport
import Testing

@testable import Video

@Suite(.waiting(minutes: 3)) struct OrientationTests {
    /// Ten pictures in colours, none of whose corners is like another.
    private static let picture = [
        "-f", "lavfi", "-i",
        "color=black:size=192x96:rate=5:duration=2,drawbox=0:0:96:48:red:fill,drawbox=96:0:96:48:white:fill,drawbox=0:48:96:48:blue:fill",
    ]

    private func corners(_ clip: String) throws -> [[Int]] {
        var recording = try Recording(path: clip, sampling: .every(seconds: 0))
        let frame = try #require(try recording.next())
        var scaler = Scaler(width: frame.width, height: frame.height, format: .rgb)
        return try scaler.scale(frame) { pixels in
            [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)].map { share in
                let (x, y) = (Int(share.0 * Double(frame.width)), Int(share.1 * Double(frame.height)))
                return (0..<3).map { Int(pixels[(y * frame.width + x) * 3 + $0]) }
            } + [[frame.width, frame.height]]
        }
    }

    @Test(
        arguments: [90, 180, 270],
        ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "gray"])
    func `a clip is seen as it is shown`(degrees: Int, format: String) throws {
        let folder = try TemporaryFolder()
        let stored = try MadeClip.make(
            "stored.mp4", in: folder, Self.picture + ["-c:v", "libx264", "-pix_fmt", format, "-qp", "1"])
        let turned = try MadeClip.make(
            "turned.mp4", in: folder,
            ["-i", stored, "-c", "copy", "-metadata:s:v:0", "rotate=\(degrees)"])
        // ffmpeg turns it itself.
        let shown = try MadeClip.make(
            "shown.mp4", in: folder, ["-i", turned, "-c:v", "libx264", "-pix_fmt", "yuv444p", "-qp", "1"])
        let (seen, expected) = (try corners(turned), try corners(shown))
        #expect(seen.last == expected.last)
        for (a, b) in zip(seen, expected) {
            #expect(zip(a, b).allSatisfy { abs($0 - $1) <= 6 }, "\(seen) \(expected)")
        }
        #expect(try corners(stored) != seen)
    }

    @Test(arguments: [
        ([1, 0, 0, 0, 1, 0, 0, 0, 1], false, false, false), ([0, 0, 0, 0, 0, 0, 0, 0, 0], false, false, false),
        ([-1, 0, 0, 0, 1, 0, 0, 0, 1], false, true, false), ([0, 1, 0, 1, 0, 0, 0, 0, 1], true, false, false),
        ([0, 1, 0, -1, 0, 0, 0, 0, 1], true, true, false), ([0, -1, 0, 1, 0, 0, 0, 0, 1], true, false, true),
    ])
    func `display matrices are read`(matrix: [Int32], isTransposed: Bool, isMirrored: Bool, isUpsideDown: Bool) throws {
        let orientation = try #require(Orientation(matrix: matrix.map { $0 * 65536 }))
        #expect(orientation.isTransposed == isTransposed && orientation.isMirrored == isMirrored)
        #expect(orientation.isUpsideDown == isUpsideDown)
    }

    @Test func `a turn that is no quarter turn is refused`() throws {
        #expect(Orientation(matrix: [46341, 46341, 0, -46341, 46341, 0, 0, 0, 1 << 30]) == nil)
        #expect(Orientation(matrix: [.min, .min, 0, .min, .max, 0, 0, 0, 0]) == nil)
        let folder = try TemporaryFolder()
        let clip = try MadeClip.make("stored.mp4", in: folder, MadeClip.pattern(1))
        let turned = try MadeClip.make(
            "turned.mp4", in: folder, ["-i", clip, "-c", "copy", "-metadata:s:v:0", "rotate=45"])
        let error = #expect(throws: VideoError.self) { _ = try Recording(path: turned, sampling: .every(seconds: 1)) }
        #expect(error?.description.contains("upright") == true, "\(String(describing: error))")
    }
}
