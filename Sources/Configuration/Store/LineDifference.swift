/// What differs between two texts, line by line, in the unified form of diff(1).
public enum LineDifference {
    private static let context = 3

    /// Empty where nothing differs.
    ///
    /// - Parameter name: how both texts are called.
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
        // Each line of either text once, with where it stands in both.
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
