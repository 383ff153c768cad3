import Foundation
import Glibc

/// What cannot be used any more is kept beside its place for an inspection, by a name that says since when.
enum SetAside {
    /// `FILE.damaged-2026-11-28T023000Z`; with a number where that is taken.
    static func name(_ file: URL, at date: Date) -> URL {
        let name = "\(file.lastPathComponent).damaged-" + date.formatted(.iso8601.timeSeparator(.omitted))
        let folder = file.deletingLastPathComponent()
        for number in 1... {
            let candidate = folder.appending(path: number == 1 ? name : "\(name)-\(number)")
            var status = stat()
            if lstat(candidate.path, &status) != 0 { return candidate }
        }
        return folder.appending(path: name)
    }
}
