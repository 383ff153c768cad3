import Foundation
import Glibc

/// Masked pictures that sites have sent, each under its hash: `ab/abcd….jpg`.
struct PictureFolder: Sendable {
    let url: URL

    func file(_ sha256: String) -> URL {
        url.appending(path: String(sha256.prefix(2))).appending(path: "\(sha256).jpg")
    }

    /// Whole or not at all; one that is there stays as it is.
    func write(_ bytes: [UInt8], sha256: String) throws {
        let file = file(sha256)
        guard !FileManager.default.fileExists(atPath: file.path) else { return }
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o750])
        try Data(bytes).write(to: file, options: .atomic)
    }

    /// Those that were written before a date.
    func removeFiles(before date: Date) {
        let files = FileManager.default.enumerator(at: url, includingPropertiesForKeys: [.contentModificationDateKey])
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "jpg",
                let written = try? file.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate,
                written < date
            else { continue }
            _ = unlink(file.path)
        }
    }

    func remove(_ sha256: String) { _ = unlink(file(sha256).path) }
}
