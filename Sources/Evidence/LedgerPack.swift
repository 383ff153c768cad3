public import Foundation
import Glibc
import Runtime

/// A copy of one incident's files with the ledger that covers them, for third parties.
public enum LedgerPack {
    /// The files of the incident.
    public struct Count: Sendable, Equatable {
        public var files = 0
        /// In a record, but missing.
        public var gone = 0
    }

    /// Writes the pack into a new folder, completely or not at all.
    ///
    /// The ledger is included as a whole: it mentions other incidents only by ids and hashes, and its signatures would
    /// be invalid in a part of it.
    public static func export(incident: UUID, from folder: URL, to target: URL) throws -> Count {
        let id = incident.uuidString.lowercased()
        var status = stat()
        guard lstat(target.path, &status) != 0 else {
            throw Ledger.LedgerError(description: "could not export to \(target.path): it is there; name a new folder")
        }
        let parent = target.deletingLastPathComponent()
        let draft = parent.appending(path: ".\(target.lastPathComponent).\(UUID().uuidString).part")
        do {
            try FileManager.default.createDirectory(at: draft, withIntermediateDirectories: true)
            let names = try copyLedger(of: id, from: folder, to: draft)
            guard !names.isEmpty else {
                throw Ledger.LedgerError(
                    description: "could not export incident \(id): the ledger in \(folder.path) does not name it")
            }
            var count = Count()
            for name in names {
                do {
                    try copy(name, from: folder, to: draft)
                    count.files += 1
                } catch let error as BoundedFile.Failed where error.isAbsent {
                    // The check decides whether it had expired.
                    count.gone += 1
                }
            }
            try DurableFile.syncFolder(draft)
            guard rename(draft.path, target.path) == 0 else { throw DurableFile.failed("make \(target.path)") }
            try DurableFile.syncFolder(parent)
            return count
        } catch {
            try? FileManager.default.removeItem(at: draft)
            throw error
        }
    }

    /// Copies all complete lines; returns the files of the incident, each once: a review's message mentions the
    /// pictures again.
    private static func copyLedger(of id: String, from folder: URL, to target: URL) throws -> [String] {
        let path = target.appending(path: Ledger.fileName).path
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw DurableFile.failed("create \(path)") }
        defer { close(descriptor) }
        var known = Set<String>()
        var names: [String] = []
        let lines = try LedgerLines(path: folder.appending(path: Ledger.fileName).path)
        var buffer: [UInt8] = []
        while let line = try lines.next(), line.isWhole {
            buffer += line.bytes + [UInt8(ascii: "\n")]
            if buffer.count > 1 << 20 {
                try DurableFile.append(buffer, to: descriptor, path: path)
                buffer = []
            }
            guard let record = LedgerLine.parse(line.bytes)?.record, record.incident == id else { continue }
            for file in (record.files ?? []) + (record.absent ?? [])
            where file.isInside && known.insert(file.file).inserted { names.append(file.file) }
        }
        try DurableFile.append(buffer, to: descriptor, path: path)
        return names
    }

    private static func copy(_ name: String, from folder: URL, to target: URL) throws {
        let file = target.appending(path: name)
        // First, so that a missing file leaves no empty folder.
        let bytes = try BoundedFile.read(name, in: folder, atMost: LedgerCheck.largestFile)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try DurableFile.write(bytes, to: file)
    }
}
