public import Foundation

/// Recorded and generated clips.
public enum Footage {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    public enum Codec: String, Sendable {
        case h264 = "libx264"
        case h265 = "libx265"
    }

    /// The folder of Package.swift.
    public static let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let shared = packageRoot.deletingLastPathComponent().appending(path: "shared")
    private static let folder = shared.appending(path: "footage")

    /// Whether the recorded footage lies beside the package; tests that need it are skipped where it does not.
    public static let isPresent = FileManager.default.fileExists(atPath: folder.path)

    /// The path of a recorded clip, such as `composed/parking.mp4`; nil where it is absent.
    public static func clip(_ name: String) -> String? {
        let path = folder.appending(path: name).path
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// The path of a labelled picture, such as `images/trash-bags/tb001.jpg`; nil where it is absent.
    public static func picture(_ name: String) -> String? {
        let path = shared.appending(path: name).path
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// The photos of a folder of labelled images, such as `coco-val`, in a fixed order; none where it is absent.
    public static func photos(_ name: String) -> [String] {
        let folder = shared.appending(path: "images/" + name)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".jpg") }.sorted().map { folder.appending(path: $0).path }
    }

    /// Makes a moving test pattern with ffmpeg, as a camera sends it: key frames at even distances, no B-frames.
    ///
    /// - Parameters:
    ///   - folder: keep it as long as the clip is used.
    ///   - gop: frames from one key frame to the next.
    /// - Returns: its path.
    public static func makeTestClip(
        in folder: TemporaryFolder, seconds: Double, size: (width: Int, height: Int) = (640, 360), rate: Int = 10,
        codec: Codec = .h264, gop: Int = 20
    ) throws -> String {
        let path = folder.file("clip-\(UUID().uuidString).mp4").path
        var options = [
            "-nostdin", "-v", "error", "-f", "lavfi", "-i",
            "testsrc2=size=\(size.width)x\(size.height):rate=\(rate):duration=\(seconds)", "-c:v", codec.rawValue,
            "-preset", "ultrafast", "-pix_fmt", "yuv420p",
        ]
        switch codec {
        case .h264: options += ["-g", "\(gop)", "-keyint_min", "\(gop)", "-sc_threshold", "0", "-bf", "0"]
        case .h265:
            let lines = ["keyint=\(gop)", "min-keyint=\(gop)", "scenecut=0", "bframes=0", "log-level=error"]
            options += ["-x265-params", lines.joined(separator: ":"), "-tag:v", "hvc1"]
        }
        try ffmpeg(options + ["-movflags", "+faststart", path], "make a test clip")
        return path
    }

    /// The H.264 of a clip as a byte stream, with one slice a picture and the parameters before each key frame.
    public static func byteStream(_ clip: String, in folder: TemporaryFolder) throws -> String {
        let path = folder.file("stream-\(UUID().uuidString).h264").path
        try ffmpeg(
            ["-nostdin", "-v", "error", "-i", clip, "-c", "copy", "-bsf:v", "h264_mp4toannexb", "-f", "h264", path],
            "take a clip apart")
        return path
    }

    /// A part of a clip in another size, as a camera sends it: a key frame every second, no B-frames.
    ///
    /// - Parameters:
    ///   - folder: keep it as long as the part is used.
    ///   - from: seconds of the clip, as is `seconds`.
    public static func cut(
        _ clip: String, in folder: TemporaryFolder, from: Double, seconds: Double, size: (width: Int, height: Int)
    ) throws -> String {
        let path = folder.file("cut-\(UUID().uuidString).mp4").path
        try ffmpeg(
            [
                "-nostdin", "-v", "error", "-ss", "\(from)", "-i", clip, "-t", "\(seconds)", "-an", "-vf",
                "scale=\(size.width):\(size.height),fps=12", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20",
                "-pix_fmt", "yuv420p", "-g", "12", "-keyint_min", "12", "-sc_threshold", "0", "-bf", "0", path,
            ], "cut a clip")
        return path
    }

    /// A copy of a clip in which about one byte in `everyNthByte` is spoilt between two times, in seconds.
    public static func spoil(
        _ clip: String, in folder: TemporaryFolder, from: Double, to: Double, everyNthByte: Int
    ) throws -> String {
        let path = folder.file("spoilt-\(UUID().uuidString).mp4").path
        try ffmpeg(
            [
                "-nostdin", "-v", "error", "-i", clip, "-c", "copy", "-bsf:v",
                "noise=amount='if(between(pts*tb,\(from),\(to)),\(everyNthByte),0)'", path,
            ], "spoil a clip")
        return path
    }

    /// One H.264 stream of several clips, with the parameters of each before its first key frame, as a camera sends it
    /// whose resolution is changed.
    public static func join(_ clips: [String], in folder: TemporaryFolder) throws -> String {
        var parts: [String] = []
        for (index, clip) in clips.enumerated() {
            let part = folder.file("part-\(index)-\(UUID().uuidString).ts").path
            try ffmpeg(["-nostdin", "-v", "error", "-i", clip, "-c", "copy", "-f", "mpegts", part], "cut a stream")
            parts.append(part)
        }
        let path = folder.file("joined-\(UUID().uuidString).ts").path
        try ffmpeg(
            ["-nostdin", "-v", "error", "-i", "concat:" + parts.joined(separator: "|"), "-c", "copy", path],
            "join streams")
        return path
    }

    /// Runs ffmpeg; what it complains of is the error.
    ///
    /// - Parameter what: ends "ffmpeg could not …".
    public static func ffmpeg(_ arguments: [String], _ what: String) throws {
        Turn.isNeeded(by: "ffmpeg")
        let process = Process()
        let fault = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/ffmpeg")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardError = fault
        try process.run()
        let complaint = fault.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(description: "ffmpeg could not \(what): \(String(decoding: complaint, as: UTF8.self))")
        }
    }
}
