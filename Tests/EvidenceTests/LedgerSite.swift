import Foundation
import TestSupport

@testable import Evidence

/// A folder with messages of as many incidents, each with a picture; records 2 and following.
final class LedgerSite {
    static let begin = Date(timeIntervalSince1970: 1_790_000_000)

    let folder: TemporaryFolder
    /// Outside of the evidence.
    let elsewhere: TemporaryFolder
    let store: EvidenceStore
    let key: SiteKey?
    var incidents: [UUID] = []
    var pictures: [String] = []
    var messages: [String] = []

    /// - Parameter isSigned: otherwise as versions without keys wrote it.
    init(messages count: Int64 = 5, isSigned: Bool = true) throws {
        folder = try TemporaryFolder()
        elsewhere = try TemporaryFolder()
        key = isSigned ? try SiteKey() : nil
        store = try EvidenceStore(folder: folder.url)
        let ledger = try open(now: Self.begin)
        for sequence in 1...count { try add(sequence, to: ledger) }
    }

    func open(known: Ledger.Known? = nil, now: Date = Date()) throws -> Ledger {
        try Ledger(folder: folder.url, site: "edge-01", key: key, known: known, now: now)
    }

    static func payload(_ sequence: Int64) -> [UInt8] { Array("{\"sequence\":\(sequence)}".utf8) }

    func add(_ sequence: Int64, to ledger: Ledger, date: Date = begin) throws {
        let incident = UUID()
        let stored = try store.save(
            EvidenceImage(role: .closeUp, jpeg: [UInt8](repeating: UInt8(sequence), count: 100), taken: date),
            incident: incident)
        incidents.append(incident)
        pictures.append(stored.file)
        try record(
            sequence, of: incident, picture: .init(file: stored.file, sha256: stored.sha256), to: ledger, date: date)
    }

    /// A message that names a picture which lies there already.
    func record(
        _ sequence: Int64, of incident: UUID, picture: LedgerRecord.File, to ledger: Ledger, date: Date = begin
    ) throws {
        let payload = Self.payload(sequence)
        let message = try store.save(payload, sequence: sequence, incident: incident, date: date)
        try ledger.record(
            sequence: sequence, incident: incident, payload: payload,
            files: [picture, .init(file: message, sha256: sha256(payload))], now: date)
        messages.append(message)
    }

    /// The picture of a message, with what its record says of it.
    func picture(_ index: Int) -> LedgerRecord.File {
        .init(
            file: pictures[index],
            sha256: sha256([UInt8](repeating: UInt8(index + 1), count: 100)))
    }

    var file: URL { folder.file(Ledger.fileName) }
    func path(_ name: String) -> String { folder.file(name).path }

    func edit(_ change: (inout [String]) -> Void) throws {
        var lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
        change(&lines)
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: file)
    }

    func check(head: String? = nil, keys: [LedgerKey] = []) throws -> LedgerReport {
        // The dates of these tests have passed, whatever the computer says.
        let now = max(Date(), Self.begin.addingTimeInterval(100 * 86_400))
        return try LedgerCheck.run(folder: folder.url, .init(head: head, keys: keys, now: now))
    }
}
