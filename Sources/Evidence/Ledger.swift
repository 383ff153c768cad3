public import Foundation
import Glibc
import Synchronization
internal import Video

/// The chain over all messages and evidence files of a site: one line each, which names the hash of the line before.
///
/// Only ever appended to, and each record is on the disk before the call returns. What it proves, and what it cannot,
/// says docs/evidence.md. Calls block for the disk; any thread may make them.
public final class Ledger: Sendable {
    /// In the evidence folder.
    public static let fileName = "ledger.jsonl"

    public struct LedgerError: Error, CustomStringConvertible {
        public let description: String
    }

    /// The end of the chain.
    public struct Head: Sendable, Equatable {
        /// Of the last record.
        public internal(set) var number: Int
        public internal(set) var hash: String
        /// The last message that is in it; 0 where there is none.
        public internal(set) var sequence: Int64
        /// The incident whose eviction the last record tells of: its files may still be there.
        public internal(set) var evicting: UUID?
    }

    private struct State {
        var descriptor: Int32
        var head: Head
        /// Bytes of whole records.
        var length: Int64
    }

    private let path: String
    private let site: String
    private let state: Mutex<State>

    /// Opens the ledger of a folder, or begins one.
    ///
    /// A line that a power cut left unfinished is removed. Throws where the last record is damaged: going on would hide
    /// that.
    public init(folder: URL, site: String, now: Date = Date()) throws {
        path = folder.appending(path: Self.fileName).path
        self.site = site
        let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw DurableFile.failed("open the ledger \(path)") }
        do {
            let (head, length) = try Self.end(of: path)
            guard ftruncate(descriptor, off_t(length)) == 0 else { throw DurableFile.failed("repair \(path)") }
            state = Mutex(State(descriptor: descriptor, head: head, length: length))
        } catch {
            close(descriptor)
            throw error
        }
        if head.number == 0 {
            try append(.begin, now: now) { $0.site = site }
            try DurableFile.syncFolder(folder)
        }
    }

    deinit { _ = state.withLock { close($0.descriptor) } }

    public var head: Head { state.withLock { $0.head } }

    /// Whether the file under the ledger's name is still the one that is written.
    public var isInPlace: Bool {
        let named = FileIdentity(path: path)
        return named != nil && state.withLock { FileIdentity(descriptor: $0.descriptor) == named }
    }

    /// The file or its folder was deleted or moved: goes on with the one that stands there now, or begins one.
    ///
    /// - Parameter sequence: the last message whose record is with the lost one; a new ledger begins after it.
    public func reopen(after sequence: Int64, now: Date = Date()) throws {
        let isNew = try state.withLock { state in
            let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
            guard descriptor >= 0 else { throw DurableFile.failed("open the ledger \(path)") }
            do {
                let (head, length) = try Self.end(of: path)
                guard ftruncate(descriptor, off_t(length)) == 0 else { throw DurableFile.failed("repair \(path)") }
                close(state.descriptor)
                state = State(descriptor: descriptor, head: head, length: length)
            } catch {
                close(descriptor)
                throw error
            }
            return state.head.number == 0
        }
        guard isNew else { return }
        try append(.begin, now: now) {
            $0.site = site
            $0.sequence = sequence > 0 ? sequence : nil
        }
        try DurableFile.syncFolder(URL(filePath: path).deletingLastPathComponent())
    }

    /// Records a message with the files that belong to it.
    public func record(
        sequence: Int64, incident: UUID, payload: [UInt8], files: [LedgerRecord.File], now: Date = Date()
    ) throws {
        try append(.message, now: now) {
            $0.sequence = sequence
            $0.incident = incident.uuidString.lowercased()
            $0.payload = SHA256.hex(payload)
            $0.files = files
        }
    }

    /// Records a picture that was taken on request.
    public func record(snapshot id: UUID, file: LedgerRecord.File, now: Date = Date()) throws {
        try append(.snapshot, now: now) {
            $0.incident = id.uuidString.lowercased()
            $0.files = [file]
        }
    }

    /// Records that the files of a day are about to be deleted.
    public func expire(day: String, now: Date = Date()) throws {
        try append(.expired, now: now) { $0.day = day }
    }

    /// Records that what is kept of an incident is about to be deleted because the budget is spent.
    public func evict(incident: UUID, now: Date = Date()) throws {
        try append(.evicted, now: now) { $0.incident = incident.uuidString.lowercased() }
    }

    /// What the ledger says of a file with these bytes.
    public static func hash(_ bytes: [UInt8]) -> String { SHA256.hex(bytes) }

    private func append(_ kind: LedgerRecord.Kind, now: Date, _ fill: (inout LedgerRecord) -> Void) throws {
        try state.withLock { state in
            var record = LedgerRecord(
                number: state.head.number + 1, kind: kind, at: now.formatted(.iso8601), previous: state.head.hash)
            if kind != .begin { record.sequence = state.head.sequence }
            fill(&record)
            let line = try record.line()
            do {
                try DurableFile.append(line.text + [UInt8(ascii: "\n")], to: state.descriptor, path: path)
            } catch {
                // Half a line must not stay in front of the next one.
                ftruncate(state.descriptor, off_t(state.length))
                throw error
            }
            state.length += Int64(line.text.count + 1)
            state.head.number = record.number
            state.head.hash = line.hash
            state.head.sequence = record.sequence ?? state.head.sequence
            state.head.evicting = record.evicting
        }
    }

    /// The end of the chain and the bytes of its whole lines.
    private static func end(of path: String) throws -> (Head, Int64) {
        let lines = try LedgerLines(path: path)
        var length: Int64 = 0
        var last: [UInt8]?
        while let line = lines.next(), line.isWhole {
            length += Int64(line.bytes.count + 1)
            last = line.bytes
        }
        guard let last else { return (Head(number: 0, hash: LedgerRecord.first, sequence: 0), 0) }
        guard let (record, hash) = LedgerRecord.parse(last) else {
            throw LedgerError(
                description: "could not go on with the ledger \(path): its last record is damaged; move the evidence "
                    + "folder away and keep it for an inspection; a new one is begun at the next start")
        }
        return (
            Head(number: record.number, hash: hash, sequence: record.sequence ?? 0, evicting: record.evicting), length
        )
    }
}
