public import Foundation
import Glibc
import Hashing
import Runtime
import Synchronization
internal import Video

/// The hash chain over all messages and evidence files of a site: one line each, with the hash of the previous line and
/// the site's signature.
///
/// Append-only, and each record is on the disk before the call returns. docs/evidence.md describes what it proves, and
/// what it cannot. Calls block for the disk; any thread may make them.
public final class Ledger: Sendable {
    /// In the evidence folder.
    public static let fileName = "ledger.jsonl"

    public struct LedgerError: Error, CustomStringConvertible {
        public let description: String
    }

    /// A record that the store remembers, to detect a truncated ledger.
    public struct Known: Sendable, Equatable {
        public let number: Int
        public let hash: String

        public init(number: Int, hash: String) {
            self.number = number
            self.hash = hash
        }
    }

    /// The end of the chain.
    public struct Head: Sendable, Equatable {
        /// Of the last record.
        public internal(set) var number: Int
        public internal(set) var hash: String
        /// The last message that is in it, or recorded as missing; 0 where there is none.
        public internal(set) var sequence: Int64
        /// Of the store that the sequence belongs to; nil in ledgers of versions without.
        public internal(set) var epoch: String?
        /// The incident of an eviction that is the ledger's last record: its files may still be there.
        public internal(set) var evicting: UUID?

        /// To be remembered in the store.
        public var known: Known { Known(number: number, hash: hash) }

        static let none = Head(number: 0, hash: LedgerRecord.first, sequence: 0)
    }

    private struct State {
        var descriptor: Int32
        var head: Head
        /// Bytes of complete records.
        var length: Int64
    }

    /// Damage found on opening, and how it was handled; to be logged. Each is in a record too.
    public let notices: [String]
    /// Its end on opening, before anything was written.
    public let found: Head
    private let folder: URL
    let path: String
    private let site: String
    private let key: SiteKey?
    private let state: Mutex<State>

    /// Opens the ledger of a folder, or starts one.
    ///
    /// A ledger that is damaged at its end, truncated, emptied or replaced is not an error: the unreadable part is
    /// renamed and reported in a record and in `notices`. Throws where the disk does not permit that.
    ///
    /// - Parameters:
    ///   - site: its id.
    ///   - key: signs each record; after another key, or none, a record says that this one takes over. Nil only for a
    ///     ledger that was never signed.
    ///   - known: the last record that the store remembers.
    public init(folder: URL, site: String, key: SiteKey? = nil, known: Known? = nil, now: Date = Date()) throws {
        self.folder = folder
        self.site = site
        self.key = key
        path = folder.appending(path: Self.fileName).path
        let opening = try Opening(folder: folder, key: key, known: known, now: now)
        notices = opening.notices
        found = opening.head
        state = Mutex(try Self.open(path, opening))
        try begin(opening, now: now)
    }

    /// The file or its folder was deleted, moved or written by another process: continues with the present one, or
    /// starts a new one.
    ///
    /// - Parameter sequence: the last message recorded in the lost one; a new ledger starts after it.
    public func reopen(after sequence: Int64, now: Date = Date()) throws {
        let before = head
        let opening = try Opening(folder: folder, key: key, known: before.known, now: now)
        try state.withLock { state in
            let new = try Self.open(path, opening)
            close(state.descriptor)
            state = new
        }
        try begin(opening, now: now)
        guard opening.head.number == 0, sequence > 0 else { return }
        try announce(sequence: sequence + 1, epoch: before.epoch, now: now)
    }

    private static func open(_ path: String, _ opening: Opening) throws -> State {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw DurableFile.failed("open the ledger \(path)") }
        guard ftruncate(descriptor, off_t(opening.length)) == 0 else {
            let error = DurableFile.failed("repair \(path)")
            close(descriptor)
            throw error
        }
        return State(descriptor: descriptor, head: opening.head, length: opening.length)
    }

    /// Records how the ledger was found.
    private func begin(_ opening: Opening, now: Date) throws {
        if opening.head.number == 0 {
            try append(.begin, now: now) {
                $0.site = site
                $0.key = key?.publicKey.description
                $0.found = opening.damage
            }
            return try DurableFile.syncFolder(folder)
        }
        if opening.needsKey { try append(.key, now: now) { $0.key = key?.publicKey.description } }
        if let damage = opening.damage { try append(.repaired, now: now) { $0.found = damage } }
    }

    deinit { _ = state.withLock { close($0.descriptor) } }

    public var head: Head { state.withLock { $0.head } }

    /// The last message of a store in the ledger, 0 where there is none: the next one is to be recorded.
    ///
    /// - Parameters:
    ///   - epoch: of the store.
    ///   - last: its newest message: a store with fewer than a ledger from before epochs is another one.
    public func sequence(in epoch: String, through last: Int64) -> Int64 {
        let head = head
        return head.epoch == epoch || (head.epoch == nil && head.sequence <= last) ? head.sequence : 0
    }

    /// The key that signs new records.
    public var publicKey: LedgerKey? { key?.publicKey }

    /// Whether the file is still the one that was opened, without writes by others; otherwise every record is refused
    /// until the folder is opened again.
    public var isInPlace: Bool { state.withLock { Self.isInPlace($0, path) } }

    /// Records that the messages skipped before this one will have no record; to be called before its file is written,
    /// so that a file without a record after a kill always belongs to the next message.
    ///
    /// Throws where the message is already in the ledger.
    public func announce(sequence: Int64, epoch: String? = nil, now: Date = Date()) throws {
        let head = head
        // A store from before epochs continues its sequence once it has one.
        let goesOn = epoch == head.epoch || (head.epoch == nil && sequence > head.sequence)
        let last = goesOn ? head.sequence : 0
        guard sequence > last else {
            throw LedgerError(
                description:
                    "could not record message \(sequence): the ledger \(path) has it, or has message \(last) of "
                    + "the same store after it")
        }
        guard sequence > last + 1 else { return }
        try append(.gap, now: now) {
            $0.epoch = epoch
            $0.first = last + 1
            $0.sequence = sequence - 1
        }
    }

    /// Records a message with its files; missing ones are recorded as absent.
    ///
    /// Messages of one epoch come in the order of their sequence; skipped ones are announced by a record. Throws where
    /// the message is already in the ledger.
    ///
    /// - Parameter epoch: of the store that the sequence belongs to.
    public func record(
        sequence: Int64, epoch: String? = nil, incident: UUID, payload: [UInt8], files: [LedgerRecord.File],
        now: Date = Date()
    ) throws {
        let there = files.map { $0.isInside && BoundedFile.exists($0.file, in: folder) }
        func pick(_ isThere: Bool) -> [LedgerRecord.File] { zip(files, there).filter { $1 == isThere }.map(\.0) }
        try announce(sequence: sequence, epoch: epoch, now: now)
        let hash = try SHA256.hex(payload)
        try append(.message, now: now) {
            $0.epoch = epoch
            $0.sequence = sequence
            $0.incident = incident.uuidString.lowercased()
            $0.payload = hash
            $0.files = pick(true)
            $0.absent = there.contains(false) ? pick(false) : nil
        }
    }

    /// Records a picture taken on request.
    public func record(snapshot id: UUID, file: LedgerRecord.File, now: Date = Date()) throws {
        try append(.snapshot, now: now) {
            $0.incident = id.uuidString.lowercased()
            $0.files = [file]
        }
    }

    /// Records that the files of a day are about to be deleted.
    ///
    /// - Parameters:
    ///   - days: retention of evidence in days.
    ///   - since: start of the day's age, where its date is impossible.
    public func expire(day: String, keeping days: Int? = nil, since: Date? = nil, now: Date = Date()) throws {
        try append(.expired, now: now) {
            $0.day = day
            $0.keepDays = days
            $0.since = since.map(EvidenceStore.day)
        }
    }

    /// Records that the evidence of an incident is about to be deleted because the budget is exceeded.
    public func evict(incident: UUID, now: Date = Date()) throws {
        try append(.evicted, now: now) { $0.incident = incident.uuidString.lowercased() }
    }

    private func append(_ kind: LedgerRecord.Kind, now: Date, _ fill: (inout LedgerRecord) -> Void) throws {
        try state.withLock { state in
            guard Self.isInPlace(state, path) else {
                throw LedgerError(
                    description:
                        "could not write to the ledger \(path): it was deleted, moved or written to by somebody "
                        + "else meanwhile; the folder has to be opened anew")
            }
            var record = LedgerRecord(
                number: state.head.number + 1, kind: kind, at: now.formatted(.iso8601), previous: state.head.hash)
            if kind != .begin {
                record.sequence = state.head.sequence
                record.epoch = state.head.epoch
            }
            fill(&record)
            let line = try LedgerLine.write(record, key: key)
            guard line.text.count <= LedgerLine.longest else {
                throw LedgerError(description: "could not write to the ledger \(path): the record is too long")
            }
            do {
                try DurableFile.append(line.text + [UInt8(ascii: "\n")], to: state.descriptor, path: path)
            } catch {
                // Half a line must not remain before the next one.
                ftruncate(state.descriptor, off_t(state.length))
                throw error
            }
            state.length += Int64(line.text.count + 1)
            state.head.number = record.number
            state.head.hash = line.hash
            state.head.sequence = record.sequence ?? state.head.sequence
            state.head.epoch = record.epoch
            if !record.isAboutTheLedger { state.head.evicting = record.evicting }
        }
    }

    private static func isInPlace(_ state: State, _ path: String) -> Bool {
        var (mine, named) = (stat(), stat())
        return fstat(state.descriptor, &mine) == 0 && lstat(path, &named) == 0 && mine.st_ino == named.st_ino
            && mine.st_dev == named.st_dev && mine.st_size == off_t(state.length)
    }
}

extension Ledger {
    /// The relation of two stores according to the ledger.
    public struct Succession: Sendable, Equatable {
        /// The ledger contains records of the store in question.
        public let isKnown: Bool
        /// The number of the first record of the store that wrote the last records; nil where there is none.
        public let begun: Int?
        /// The record that the store remembers is in it.
        public let hasRemembered: Bool
    }

    /// The relation of a store to the one that wrote the last records. Reads the whole ledger.
    ///
    /// - Parameters:
    ///   - epoch: of the store in question.
    ///   - known: the last record that it remembers.
    public func succession(of epoch: String, known: Known?) throws -> Succession {
        let last = head.epoch
        let lines = try LedgerLines(path: path)
        var (isKnown, hasRemembered) = (false, false)
        var begun: Int?
        while let line = try lines.next() {
            guard let line = LedgerLine.parse(line.bytes) else { continue }
            if line.record.epoch == epoch { isKnown = true }
            if begun == nil, line.record.epoch == last { begun = line.record.number }
            if let known, line.record.number == known.number, line.hash == known.hash { hasRemembered = true }
        }
        return Succession(isKnown: isKnown, begun: begun, hasRemembered: hasRemembered)
    }
}
