import Foundation
import Glibc
import Runtime

extension LedgerCheck {
    private static let mostStrays = 1000
    /// Folders of the file system.
    private static let foreign: Set<String> = ["lost+found"]
    /// In packs of earlier versions; not used.
    private static let oldPack = "pack.json"

    /// Names every file in the folder that no record mentions.
    mutating func lookForStrays() {
        var search = StraySearch(
            isWhole: report.faults.allSatisfy { $0.file != nil || $0.record <= chain.count }, awaited: chain.awaited)
        visit([], &search)
        if let first = search.messages.min() {
            report.faults.append(
                .init(
                    record: chain.count + 1, file: first.file,
                    what:
                        "no record names this message (\(search.messages.count) such): the end of the ledger was cut off, "
                        + "or somebody added it"))
        }
        report.strays.sort { $0.file < $1.file }
        if search.untold > 0 { report.notes.append("\(search.untold) more strays are not listed") }
    }

    private struct StraySearch {
        /// Whether the ledger was readable to its end: otherwise unmentioned files may be mentioned after the break.
        let isWhole: Bool
        /// A kill leaves one of each, and not many.
        var awaited: [Int64: Int]
        var messages: [Message] = []
        var untold = 0
        /// The hash of each message in a record, by incident and file, computed when needed.
        var recorded: [String: String]?

        struct Message: Comparable {
            let sequence: Int64
            let file: String

            static func < (left: Message, right: Message) -> Bool {
                (left.sequence, left.file) < (right.sequence, right.file)
            }
        }
    }

    private mutating func visit(_ parts: [String], _ search: inout StraySearch) {
        let entries: [FolderEntries.Entry]
        do { entries = try FolderEntries.of(parts, in: folder) } catch {
            return fault(chain.count + 1, parts.joined(separator: "/"), "\(error)")
        }
        for entry in entries {
            let path = (parts + [entry.name]).joined(separator: "/")
            guard entry.kind != .folder else {
                if Self.isPlace(parts, entry.name) {
                    visit(parts + [entry.name], &search)
                } else if parts.isEmpty, Self.foreign.contains(entry.name) {
                    visit(foreign: entry.name, &search)
                } else {
                    fault(chain.count + 1, path, "a folder that no daemon makes")
                }
                continue
            }
            // The check of the files has already judged it, whatever the record says.
            if parts.count == 2, expected[path] != nil { continue }
            guard entry.kind == .file else {
                if parts.isEmpty, entry.name == Ledger.fileName { continue }
                fault(chain.count + 1, path, entry.kind == .link ? "a link: no daemon makes any" : "no regular file")
                continue
            }
            if parts.isEmpty {
                judge(top: entry.name, &search)
            } else {
                judge(path, &search)
            }
        }
    }

    /// Files found by a file system check belong to no one, and anyone may hide something there.
    private mutating func visit(foreign name: String, _ search: inout StraySearch) {
        guard let entries = try? FolderEntries.of([name], in: folder) else {
            return report.notes.append("this user may not look into \(name)")
        }
        for entry in entries {
            stray("\(name)/\(entry.name)", "of a check of the file system, or hidden there", &search)
        }
    }

    /// Whether a daemon creates folders of that name there.
    private static func isPlace(_ parts: [String], _ name: String) -> Bool {
        switch parts.count {
        case 0: EvidenceName.isDay(name)
        case 1: EvidenceName.isIncident(name)
        default: false
        }
    }

    /// A file beside the ledger.
    private mutating func judge(top name: String, _ search: inout StraySearch) {
        if name == Ledger.fileName { return }
        if name == FolderLock.name, pack == nil {
            guard !isLock(name) else { return }
            return fault(chain.count + 1, name, "it holds something else than who has locked the folder")
        }
        guard name.hasPrefix(Ledger.fileName + ".damaged-") else {
            if name == Self.oldPack, pack != nil {
                return stray(name, "of a pack of an earlier version; it has no say in what is checked", &search)
            }
            let hint = name == Self.oldPack ? ": if this is a pack, check it with --pack and the incident's id" : ""
            return fault(chain.count + 1, name, "no record names this file\(hint)")
        }
        switch asides[name] {
        case .some(.some(let sha256)) where hash(name) != sha256:
            stray(name, "it is not what was taken out of the damaged ledger", &search)
        case .some: break
        case nil: stray(name, "no record says that it was taken out of the ledger", &search)
        }
    }

    /// Whether a file contains exactly what a lock does: nothing can be hidden in it.
    private func isLock(_ name: String) -> Bool {
        let most = 80
        guard let handle = try? FileHandle(forReadingFrom: folder.appending(path: name)) else { return false }
        defer { try? handle.close() }
        guard let bytes = try? handle.read(upToCount: most + 1) ?? Data(), bytes.count <= most else { return false }
        return String(decoding: bytes, as: UTF8.self)
            .wholeMatch(of: /(pid [0-9]{1,10} since [0-9TZ:\-]{10,30}\n)?/) != nil
    }

    /// A file of the store that no record mentions.
    private mutating func judge(_ path: String, _ search: inout StraySearch) {
        guard let name = EvidenceName(path) else {
            return fault(chain.count + 1, path, "no record names this file, and no daemon gives such names")
        }
        guard search.isWhole else { return }
        let isPack = pack != nil
        switch name.content {
        case .unfinished where !isPack: stray(path, "left by a daemon that was killed while it wrote", &search)
        case .picture(let digits) where !isPack && hash(path)?.hasPrefix(digits) == true:
            stray(
                path, "no record names this picture: left by a daemon that was killed while it wrote, or added", &search
            )
        case .message(let sequence) where !isPack:
            if isRecorded(name, path, &search) {
                stray(path, "a message that lies under another day too", &search)
            } else if let count = search.awaited[sequence], count > 0 {
                search.awaited[sequence] = count - 1
                stray(
                    path,
                    "no record names this message: the daemon was killed before it wrote one and has not run since, "
                        + "or the last record was cut off, which --head shows", &search)
            } else if isExpired(name.day) {
                stray(path, "a message of a day whose time was over", &search)
            } else {
                search.messages.append(.init(sequence: sequence, file: path))
            }
        default: fault(chain.count + 1, path, "no record names this file")
        }
    }

    /// Whether a record mentions the same message of the same incident, with the same bytes, under another day.
    private func isRecorded(_ name: EvidenceName, _ path: String, _ search: inout StraySearch) -> Bool {
        if search.recorded == nil {
            let messages = expected.compactMap { file, expected -> (String, String)? in
                guard let name = EvidenceName(file), case .message = name.content else { return nil }
                return ("\(name.incident)/\(name.file)", expected.sha256)
            }
            search.recorded = Dictionary(messages) { first, _ in first }
        }
        let recorded = search.recorded?["\(name.incident)/\(name.file)"]
        return recorded != nil && recorded == hash(path)
    }

    private mutating func stray(_ file: String, _ what: String, _ search: inout StraySearch) {
        guard report.strays.count < Self.mostStrays else {
            search.untold += 1
            return
        }
        report.strays.append(.init(file: file, what: what))
    }
}

/// The entries of a folder, without following links.
enum FolderEntries {
    enum Kind { case file, folder, link, other }

    struct Entry {
        /// Invalid UTF-8 is replaced: such a name is never one of ours.
        let name: String
        let kind: Kind
    }

    /// In the order of their names.
    static func of(_ parts: [String], in folder: URL) throws -> [Entry] {
        let path = parts.reduce(folder) { $0.appending(path: $1) }.path
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (parts.isEmpty ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else {
            // Deleted by the daemon meanwhile.
            if errno == ENOENT, !parts.isEmpty { return [] }
            throw DurableFile.failed("list \(path)")
        }
        guard let directory = fdopendir(descriptor) else {
            close(descriptor)
            throw DurableFile.failed("list \(path)")
        }
        defer { closedir(directory) }
        var entries: [Entry] = []
        while let entry = readdir(directory) {
            let found: Entry? = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { text in
                    let name = String(cString: text)
                    guard name != ".", name != ".." else { return nil }
                    var status = stat()
                    guard fstatat(descriptor, text, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
                    let kind: Kind =
                        switch status.st_mode & S_IFMT {
                        case S_IFREG: .file
                        case S_IFDIR: .folder
                        case S_IFLNK: .link
                        default: .other
                        }
                    return Entry(name: name, kind: kind)
                }
            }
            if let found { entries.append(found) }
        }
        return entries.sorted { $0.name < $1.name }
    }
}
