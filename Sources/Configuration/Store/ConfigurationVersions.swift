public import Foundation

/// The earlier texts of a configuration file, each in a file `NUMBER-DATE.yaml` or `NUMBER-DATE-back-to-NUMBER.yaml` in
/// the folder `.NAME.versions` beside it; who made it, where that is known, in `NUMBER.by` (which earlier versions of the
/// program pass over). Only the oldest are ever deleted: restoring creates a version of its own.
public struct ConfigurationVersions {
    public struct Version: Sendable, Hashable {
        /// From 1.
        public let number: Int
        public let date: Date
        /// The version that was restored with it; nil for a change.
        public let backTo: Int?
        /// Who made it; nil for a person at the machine.
        public let by: String?
        fileprivate let file: URL
    }

    private let folder: URL
    /// The oldest first.
    let versions: [Version]

    init(of file: URL) throws {
        folder = file.deletingLastPathComponent().appending(path: ".\(file.lastPathComponent).versions")
        versions = try Self.list(folder)
    }

    var last: Version? { versions.last }

    private static func list(_ folder: URL) throws -> [Version] {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder.path) } catch CocoaError
            .fileReadNoSuchFile
        {
            return []
        } catch {
            throw ConfigurationStoreFault(
                .unwritable,
                "could not read the versions in \(folder.path): run this as root or as the owner of the file")
        }
        return names.compactMap { name -> Version? in
            guard let match = name.wholeMatch(of: /([0-9]{6,})-([0-9]{8}T[0-9]{6}Z)(-back-to-([0-9]+))?\.yaml/),
                let number = Int(match.1), let date = try? format.parse(String(match.2))
            else { return nil }
            let isNamed = names.contains("\(match.1).by")
            return Version(
                number: number, date: date, backTo: match.4.flatMap { Int($0) },
                by: isNamed ? author(folder.appending(path: "\(match.1).by")) : nil, file: folder.appending(path: name))
        }.sorted { $0.number < $1.number }
    }

    private static func author(_ file: URL) -> String? {
        let text = try? SourceText.read(path: file.path)
        return text.flatMap { $0.split(whereSeparator: \.isNewline).first.map(String.init) }
    }

    private static let format = Date.ISO8601FormatStyle(
        dateSeparator: .omitted, timeSeparator: .omitted, timeZone: .gmt)

    /// The number of the version's content; for a restored one, that of its origin.
    private func meaning(_ version: Version) -> Int { version.backTo ?? version.number }

    /// The version before that of `text`; throws where there is none.
    func predecessor(of text: String) throws(ConfigurationStoreFault) -> Int {
        guard let last else { throw Self.none }
        // Changed manually since: that change is undone.
        guard try self.text(of: last.number) == text else { return meaning(last) }
        let present = meaning(last)
        guard let index = versions.firstIndex(where: { $0.number == present }), index > 0 else { throw Self.none }
        return meaning(versions[index - 1])
    }

    private static let none = ConfigurationStoreFault(
        .noVersion, "there is no older version of the file; gridwarden config versions lists those that are kept")

    func text(of number: Int) throws(ConfigurationStoreFault) -> String {
        // A restored version is also in the newest file that restored it.
        guard
            let version = versions.first(where: { $0.number == number })
                ?? versions.last(where: { $0.backTo == number })
        else {
            throw ConfigurationStoreFault(
                .noVersion, "there is no version \(number); gridwarden config versions lists those that are kept")
        }
        do { return try SourceText.read(path: version.file.path) } catch {
            throw ConfigurationStoreFault(.noVersion, "version \(number) cannot be read: \(error)")
        }
    }

    /// Adds a version, and deletes the oldest ones beyond the limit.
    func append(_ text: String, backTo: Int?, by author: String?, owner: FileOwner, at date: Date) throws {
        try WholeFile.makeFolder(folder, owner: owner)
        let present = try Self.list(folder)
        let number = String((present.last?.number ?? 0) + 1)
        let digits = String(repeating: "0", count: max(0, 6 - number.count)) + number
        let name = digits + "-" + Self.format.format(date) + (backTo.map { "-back-to-\($0)" } ?? "") + ".yaml"
        if let author {
            try WholeFile.write(author + "\n", to: folder.appending(path: "\(digits).by"), owner: owner.alone)
        }
        try WholeFile.write(text, to: folder.appending(path: name), owner: owner.alone)
        for version in present.dropLast(ConfigurationStore.mostVersions - 1) {
            try? FileManager.default.removeItem(at: version.file)
            let digits = version.file.lastPathComponent.prefix { $0 != "-" }
            try? FileManager.default.removeItem(at: folder.appending(path: "\(digits).by"))
        }
    }
}

/// The difference of two texts, line by line, in the unified format of diff(1).
public enum LineDifference {
    private static let context = 3

    /// Empty where they are equal.
    ///
    /// - Parameter name: of both texts.
    public static func unified(_ old: String, _ new: String, name: String) -> String {
        guard old != new else { return "" }
        let (before, after) = (lines(old), lines(new))
        let changes = after.difference(from: before)
        var (removed, inserted) = (Set<Int>(), Set<Int>())
        for change in changes {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): inserted.insert(offset)
            }
        }
        // Each line of either text once, with its number in both.
        var rows: [(mark: Character, text: Substring, old: Int, new: Int)] = []
        var (i, j) = (0, 0)
        while i < before.count || j < after.count {
            if i < before.count, removed.contains(i) {
                rows.append(("-", before[i], i, j))
                i += 1
            } else if j < after.count, inserted.contains(j) {
                rows.append(("+", after[j], i, j))
                j += 1
            } else {
                rows.append((" ", before[i], i, j))
                (i, j) = (i + 1, j + 1)
            }
        }
        var result = "--- \(name) before\n+++ \(name) after\n"
        var next = 0
        while let first = rows[next...].firstIndex(where: { $0.mark != " " }) {
            var last = first
            while let more = rows[(last + 1)...].prefix(2 * context + 1).firstIndex(where: { $0.mark != " " }) {
                last = more
            }
            let hunk = rows[max(next, first - context)..<min(rows.count, last + context + 1)]
            let (olds, news) = (hunk.count { $0.mark != "+" }, hunk.count { $0.mark != "-" })
            let start = hunk[hunk.startIndex]
            result += "@@ -\(start.old + (olds > 0 ? 1 : 0)),\(olds) +\(start.new + (news > 0 ? 1 : 0)),\(news) @@\n"
            for row in hunk { result += "\(row.mark)\(row.text)\n" }
            next = hunk.endIndex
        }
        return result
    }

    private static func lines(_ text: String) -> [Substring] {
        // CR LF is one character.
        var lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
        if lines.last?.isEmpty ?? false { lines.removeLast() }
        return lines
    }
}
