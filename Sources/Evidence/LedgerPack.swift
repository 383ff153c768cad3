public import Foundation

/// A copy of one incident's files with the ledger that vouches for them, for handing on.
public enum LedgerPack {
    /// Writes the pack into a new folder; returns how many files of the incident it holds.
    ///
    /// The ledger goes along whole: it names other incidents by their ids and hashes only.
    public static func export(incident: UUID, from folder: URL, to target: URL) throws -> Int {
        let id = incident.uuidString.lowercased()
        var files: [String] = []
        let lines = try LedgerLines(path: folder.appending(path: Ledger.fileName).path)
        while let line = lines.next() {
            guard let record = LedgerRecord.parse(line.bytes)?.record, record.incident == id else { continue }
            files += (record.files ?? []).filter(\.isInside).map(\.file)
        }
        guard !files.isEmpty else {
            throw Ledger.LedgerError(
                description: "could not export incident \(id): the ledger in \(folder.path) does not name it")
        }
        guard !FileManager.default.fileExists(atPath: target.path) else {
            throw Ledger.LedgerError(description: "could not export to \(target.path): it is there; name a new folder")
        }
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: folder.appending(path: Ledger.fileName), to: target.appending(path: Ledger.fileName))
        var count = 0
        for file in files {
            let source = folder.appending(path: file)
            // What is missing, expired or not, the check will say.
            guard FileManager.default.fileExists(atPath: source.path) else { continue }
            let copy = target.appending(path: file)
            try FileManager.default.createDirectory(
                at: copy.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: source, to: copy)
            count += 1
        }
        let pack = try JSONEncoder().encode(LedgerCheck.Pack(incident: id))
        try pack.write(to: target.appending(path: LedgerCheck.Pack.fileName))
        return count
    }
}
