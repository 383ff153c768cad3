import Foundation
import Glibc

/// Standard error, for people.
enum Console {
    static func complain(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}

/// JSON output of the commands: keys in order, so that two runs can be compared as text.
enum JSONText {
    static func data(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    static func print(_ value: some Encodable) throws {
        Swift.print(String(decoding: try data(value), as: UTF8.self))
    }
}

/// A table for people: the first column left-aligned, the others right-aligned.
enum TextTable {
    static func lines(_ head: [String], _ rows: [[String]]) -> [String] {
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        return ([head] + rows).map { row in
            row.indices.map { column in
                let pad = String(repeating: " ", count: widths[column] - row[column].count)
                return column == 0 ? row[column] + pad : pad + row[column]
            }.joined(separator: "  ")
        }
    }
}

/// A progress line on standard error for a long job; nothing where that is not a terminal.
final class ProgressBar {
    private static let width = 30
    private let label: String
    private var shown = -1

    init(label: String) { self.label = label }

    func show(_ share: Double) {
        // The duration in a damaged file may have any value.
        let share = max(0, min(1, share))
        let percent = Int(share * 100)
        guard isatty(STDERR_FILENO) == 1, percent != shown else { return }
        shown = percent
        let done = String(repeating: "#", count: Int(share * Double(Self.width)))
        let bar = done.padding(toLength: Self.width, withPad: "-", startingAt: 0)
        FileHandle.standardError.write(Data("\r\(label) [\(bar)] \(percent) % ".utf8))
    }

    func clear() {
        if shown >= 0 { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}

/// The same for a job of several phases, each with a bar of its own.
final class PhaseBar {
    private var label = ""
    private var bar: ProgressBar?

    func show(_ name: String, _ share: Double) {
        if name != label {
            clear()
            (label, bar) = (name, ProgressBar(label: name))
        }
        bar?.show(share)
    }

    func clear() { bar?.clear() }
}
