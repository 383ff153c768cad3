import Foundation

/// Verifies the records of a ledger in order: numbers, hashes, the signature of each section's key, and message
/// sequences.
struct LedgerChain {
    enum Step {
        case record(LedgerLine)
        /// It does not fit; nothing after it is trusted.
        case broken(String)
    }

    /// Valid records.
    private(set) var count = 0
    private(set) var head = LedgerRecord.first
    private(set) var sections: [LedgerReport.Section] = []
    private(set) var site: String?
    private(set) var messages = 0
    private(set) var gaps: [(record: Int, messages: ClosedRange<Int64>)] = []
    /// The last message of each epoch; "" for versions without epochs.
    private var ends: [String: Int64] = [:]
    private var epoch = ""
    private var key: LedgerKey?
    private let trusted: Set<LedgerKey>

    init(trusted: [LedgerKey]) { self.trusted = Set(trusted) }

    /// Whether the last record is signed by one of the given keys, or is unsigned and precedes the first signed one;
    /// true where no key was given.
    var isTrusted: Bool { sections.last?.known ?? true }
    /// Whether the last record is unsigned.
    var isUnsigned: Bool { key == nil }

    /// The sequences expected next in their epochs, and for how many epochs; 1 is also expected of stores that were
    /// lost before their first record, possibly several in a row.
    var awaited: [Int64: Int] {
        let sequences = ends.values.map { $0 &+ 1 } + gaps.map(\.messages.lowerBound) + [1, 1, 1]
        return Dictionary(sequences.map { ($0, 1) }, uniquingKeysWith: +)
    }

    /// Takes the next line, or says why it does not fit.
    mutating func take(_ line: LedgerLines.Line) -> Step {
        let number = count + 1
        guard line.isWhole else {
            return .broken(
                "the last line is unfinished: it was cut off, or the power failed and the daemon has not run since")
        }
        switch LedgerLine.read(line.bytes) {
        case .damaged: return .broken("record \(number) was changed: its hash is not that of its content")
        case .unknown:
            return .broken("record \(number) is none that this version knows: check with a newer gridwarden")
        case .line(let line):
            if let fault = fault(of: line, number: number) ?? sign(line, number: number) ?? sequel(line.record) {
                return .broken(fault)
            }
            count = number
            head = line.hash
            site = site ?? line.record.site
            if line.record.kind == .message { messages += 1 }
            return .record(line)
        }
    }

    private func fault(of line: LedgerLine, number: Int) -> String? {
        let record = line.record
        guard record.previous == head, record.number == number else {
            return record.number > number
                ? "record \(record.number) stands where record \(number) belongs"
                : "record \(record.number) does not follow on record \(number - 1): it was moved or inserted"
        }
        guard (record.kind == .begin) == (number == 1) else {
            return "record \(number) is not the beginning of a ledger, or is one in its middle"
        }
        return nil
    }

    /// Checks the signature, and opens a section at a new key.
    private mutating func sign(_ line: LedgerLine, number: Int) -> String? {
        let record = line.record
        guard line.signature != nil else {
            guard key == nil else {
                return
                    "record \(number) is not signed, and those before it are: whoever wrote it has no key of the site"
            }
            guard record.key == nil else { return "record \(number) names a key and is not signed by it" }
            extend(nil, number)
            return line.isCanonical ? nil : "record \(number) is not written as the daemon writes it"
        }
        if let text = record.key {
            guard record.kind == .begin || record.kind == .key, let named = LedgerKey(text) else {
                return "record \(number) names a key that is none"
            }
            key = named
        }
        guard let key else { return "record \(number) is signed, and no record says by which key" }
        guard line.isSigned(by: key) else { return "the signature of record \(number) is not by \(key)" }
        extend(key, number)
        // A later version may have more members; the owner of the key is free to add them.
        guard line.isCanonical || trusted.contains(key) else {
            return
                "record \(number) is not written as this version writes it: forged, or by a later version; give --key"
        }
        return nil
    }

    private mutating func extend(_ key: LedgerKey?, _ number: Int) {
        if let last = sections.indices.last, sections[last].key == key?.description {
            sections[last].last = number
        } else {
            sections.append(
                .init(
                    key: key?.description, first: number, last: number,
                    known: trusted.isEmpty ? nil : key.map(trusted.contains)))
        }
    }

    /// Whether the messages continue without an unrecorded gap.
    private mutating func sequel(_ record: LedgerRecord) -> String? {
        guard record.kind == .message || record.kind == .gap else { return nil }
        guard let last = record.sequence, let first = record.kind == .gap ? record.first : last, 1 <= first,
            first <= last
        else { return "record \(record.number) names no message" }
        let named = record.epoch ?? ""
        // A store from before epochs continues its sequence once it has one.
        let before = ends[named] ?? (epoch.isEmpty && ends[""].map { first == $0 &+ 1 } == true ? ends[""] : nil)
        if let before {
            guard first > before else { return "message \(first) stands in the ledger twice" }
            guard first == before &+ 1 else {
                return "message \(first) follows on message \(before): the messages between have no record"
            }
        } else if first != 1, key != nil {
            return "message \(first) is the first of its store: the messages before have no record"
        }
        if record.kind == .gap { gaps.append((record.number, first...last)) }
        ends[named] = last
        epoch = named
        return nil
    }
}
