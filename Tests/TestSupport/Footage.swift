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
        let process = Process()
        let fault = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/ffmpeg")
        process.arguments = options + ["-movflags", "+faststart", path]
        process.standardInput = FileHandle.nullDevice
        process.standardError = fault
        try process.run()
        let complaint = fault.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(
                description: "ffmpeg could not make a test clip: \(String(decoding: complaint, as: UTF8.self))")
        }
        return path
    }
}
