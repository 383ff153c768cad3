import Foundation
import TestSupport
import Testing

@testable import Video

/// Streams whose key frames do not cut them in two: pictures that are shown before a key frame are sent after it and refer
/// to what was before (open groups, CRA with RASL pictures in H.265, recovery points in H.264). Who joins there has not
/// got what they refer to.
@Suite(.waiting(minutes: 3)) struct OpenGroupTests {
    enum Codec: String, CaseIterable, Sendable { case h264, h265 }

    /// Ten seconds as a byte stream, a group each second, three pictures between each two that others refer to.
    private func stream(_ codec: Codec, in folder: TemporaryFolder) throws -> String {
        var options = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10:duration=10", "-pix_fmt", "yuv420p"]
        switch codec {
        case .h264:
            options += ["-c:v", "libx264", "-preset", "medium", "-threads", "1"]
            options += [
                "-x264-params", "keyint=10:min-keyint=10:scenecut=0:open-gop=1:bframes=3:b-adapt=0:b-pyramid=none",
            ]
        case .h265:
            options += ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params"]
            options += [
                "keyint=10:min-keyint=10:scenecut=0:open-gop=1:bframes=3:b-adapt=0:repeat-headers=1:pools=1:"
                    + "frame-threads=1:log-level=error"
            ]
        }
        return try MadeClip.make("whole.\(codec)", in: folder, options)
    }

    /// Where pictures begin, with the kind of each one's slices, and the sets and messages before it counted to it.
    private func pictures(_ bytes: [UInt8], _ codec: Codec) -> [(start: Int, kind: UInt8)] {
        var found: [(start: Int, kind: UInt8)] = []
        var begin: Int?
        for place in 0..<bytes.count - 5 where bytes[place] == 0 && bytes[place + 1] == 0 && bytes[place + 2] == 1 {
            let header = bytes[place + 3]
            let kind = codec == .h264 ? header & 31 : header >> 1 & 63
            begin = begin ?? place
            let isSlice = codec == .h264 ? kind == 1 || kind == 5 : kind < 32
            let isFirst = bytes[place + (codec == .h264 ? 4 : 5)] & 0x80 != 0
            if isSlice {
                if isFirst { found.append((begin ?? place, kind)) }
                begin = nil
            }
        }
        return found
    }

    private func small(_ clip: String, _ sampling: SamplingPolicy) throws -> [[UInt8]] {
        var recording = try Recording(path: clip, sampling: sampling)
        var scaler = Scaler(width: 64, height: 36, format: .grey)
        var pictures: [[UInt8]] = []
        while let frame = try recording.next() { pictures.append(try scaler.scale(frame) { Array($0) }) }
        return pictures
    }

    @Test(
        arguments: Codec.allCases, [SamplingPolicy.every(seconds: 0), .keyFrames(promise: 3), .keyFrames(promise: 0.3)])
    func `who joins in the middle gets whole pictures only`(codec: Codec, sampling: SamplingPolicy) throws {
        let folder = try TemporaryFolder()
        let whole = try stream(codec, in: folder)
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: whole)))
        let places = pictures(bytes, codec)
        // One IDR, and then groups that are open.
        let idr: Set<UInt8> = codec == .h264 ? [5] : [19, 20]
        try #require(places.count == 100 && places.count { idr.contains($0.kind) } == 1, "\(places.map(\.kind))")
        if codec == .h265 {
            try #require(places.contains { $0.kind == 21 } && places.contains { (8...9).contains($0.kind) })
        }
        let clean = try small(whole, .every(seconds: 0))
        try #require(clean.count == 100)
        // Before, at and behind a key frame.
        for first in [15, 18, 19, 20, 21, 22] {
            let joined = folder.file("from-\(first).\(codec)")
            try Data(bytes[places[first].start...]).write(to: joined)
            let seen = try small(joined.path, sampling)
            #expect(seen.count >= 4, "from \(first): \(seen.count)")
            for (index, picture) in seen.enumerated() {
                let nearest = clean.map { meanDifference($0, picture) }.min() ?? 255
                #expect(nearest < 0.5, "from \(first), picture \(index): off by \(nearest)")
            }
        }
    }
}
