public import Foundation
import Glibc

/// A small file system of its own on which every write waits from `freeze` to `thaw`, as on a disk that does not answer.
public final class HangingDisk: Sendable {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    public let url: URL

    /// Nil where mounting is not permitted.
    public init?(in folder: TemporaryFolder, megabytes: Int) throws {
        url = folder.file("disk")
        let image = folder.file("image").path
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        guard Self.run("/usr/bin/truncate", "-s", "\(megabytes)M", image),
            Self.run("/usr/sbin/mkfs.ext4", "-q", "-F", image),
            Self.run("/usr/bin/mount", "-o", "loop", image, url.path)
        else { return nil }
    }

    deinit {
        thaw()
        umount2(url.path, Int32(MNT_DETACH))
    }

    public func freeze() throws {
        // A test that is killed must leave no process behind that nobody can end.
        let rescue = Process()
        rescue.executableURL = URL(filePath: "/bin/sh")
        rescue.arguments = ["-c", "sleep 240; fsfreeze -u '\(url.path)' 2>/dev/null"]
        try rescue.run()
        guard Self.run("/usr/sbin/fsfreeze", "-f", url.path) else {
            throw Failed(description: "could not freeze \(url.path)")
        }
    }

    public func thaw() { _ = Self.run("/usr/sbin/fsfreeze", "-u", url.path) }

    private static func run(_ program: String, _ arguments: String...) -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
