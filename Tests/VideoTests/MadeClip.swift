import Foundation
import TestSupport

/// A clip that ffmpeg makes of what it is told.
enum MadeClip {
    /// - Parameters:
    ///   - folder: keep it as long as the clip is used.
    ///   - name: with the ending that names the container.
    ///   - options: all between the options for logging and the path.
    /// - Returns: its path.
    static func make(_ name: String, in folder: TemporaryFolder, _ options: [String]) throws -> String {
        let path = folder.file(name).path
        try Footage.ffmpeg(["-nostdin", "-v", "error"] + options + [path], "make \(name)")
        return path
    }

    /// H.264 of a moving test pattern, ten pictures a second, with key frames at these seconds only.
    static func make(
        _ name: String, in folder: TemporaryFolder, seconds: Double, keysAt keys: [Double], _ options: [String] = []
    ) throws -> String {
        try make(
            name, in: folder,
            pattern(seconds) + ["-bf", "0", "-g", "100000", "-sc_threshold", "0", "-force_key_frames"]
                + [keys.map { "\($0)" }.joined(separator: ",")] + options)
    }

    /// A moving test pattern, ten pictures a second, into H.264.
    ///
    /// What x264 writes depends on its number of threads: one that is stated makes the same clip on every machine.
    static func pattern(_ seconds: Double, size: String = "320x180") -> [String] {
        [
            "-f", "lavfi", "-i", "testsrc2=size=\(size):rate=10:duration=\(seconds)", "-c:v", "libx264", "-preset",
            "ultrafast", "-pix_fmt", "yuv420p", "-threads", "3",
        ]
    }
}
