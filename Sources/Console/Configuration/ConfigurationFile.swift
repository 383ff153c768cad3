import Foundation
import Hashing
import Runtime
import SiteConfiguration
import Store
import Synchronization

/// Reads and changes the configuration for the API: whole, checked, written once, with its comments, and never over somebody
/// else's change. All of it blocks.
final class ConfigurationFile: Sendable {
    /// Somebody else has changed the file since the page read it.
    struct Outdated: Error {
        let expected: String
        let text: String
    }

    /// The file would be wrong.
    struct Faulty: Error {
        let faults: ConfigurationFaults
        /// As it would be.
        let text: String
    }

    /// Faults of zones, in both languages.
    struct Refused: Error {
        let camera: String
        let faults: [ZoneFault]
    }

    /// What a change makes of the file.
    struct Change: Sendable {
        let before: String
        let after: String
        /// Of the version that it made; nil for a trial, and where nothing changed.
        var number: Int?
    }

    /// Another process may be changing the file for so long, in seconds; the console's thread waits.
    private static let patience = 2.0
    /// Texts that pages have read, so that they can be told what somebody else has changed since.
    private static let mostTexts = 8

    let parts: ConfigurationParts
    private let known = Mutex<[(version: String, text: String)]>([])

    init(_ parts: ConfigurationParts) { self.parts = parts }

    private var store: ConfigurationStore {
        ConfigurationStore(path: parts.path, patience: Self.patience, check: parts.check)
    }

    var canWrite: Bool { store.canWrite }

    /// The name of a text: its SHA-256.
    static func version(of text: String) throws -> String { try SHA256.hex(Array(text.utf8)) }

    /// The file as it is, and its version.
    func read() throws -> (text: String, version: String) {
        let text = try store.text()
        let version = try Self.version(of: text)
        known.withLock { known in
            known.removeAll { $0.version == version }
            known = known.suffix(Self.mostTexts - 1) + [(version, text)]
        }
        return (text, version)
    }

    /// What has changed since a version, without secrets; nil where that is not known any more.
    func changes(since version: String, in text: String) -> String? {
        let kept = known.withLock { $0.first { $0.version == version }?.text }
        let old =
            kept
            ?? (try? store.versions())?.lazy.compactMap { [store] in
                try? store.text(ofVersion: $0.number)
            }.first { (try? Self.version(of: $0)) == version }
        return old.map { difference($0, text) }
    }

    /// Line by line, without secrets.
    func difference(_ before: String, _ after: String) -> String {
        let name = URL(filePath: parts.path).lastPathComponent
        return KnownSecrets(of: [before, after]).redact(LineDifference.unified(before, after, name: name))
    }

    // MARK: Zones

    func zones(of camera: String) throws -> (zones: [ZoneDraft], version: String) {
        let (text, version) = try read()
        return (try ConfigurationDocument(text: text, file: parts.path).zones(of: camera), version)
    }

    /// The configuration with these zones, not written. Throws `Refused`, `Faulty` or `ConfigurationEditFault`.
    func drafted(_ zones: [ZoneDraft], of camera: String) throws -> (change: Change, configuration: Configuration) {
        let (text, _) = try read()
        var document = try ConfigurationDocument(text: text, file: parts.path)
        try Self.set(zones, of: camera, in: &document)
        let after = document.text
        let configuration = try Self.telling(of: after) { try Configuration.parse(text: after, file: parts.path) }
        return (Change(before: text, after: after), configuration)
    }

    private static func telling<Result>(of text: @autoclosure () -> String, _ body: () throws -> Result) throws
        -> Result
    {
        do { return try body() } catch let faults as ConfigurationFaults { throw Faulty(faults: faults, text: text()) }
    }

    private static func require(_ version: String, of text: String) throws {
        guard try Self.version(of: text) == version else { throw Outdated(expected: version, text: text) }
    }

    private static func set(
        _ zones: [ZoneDraft], of camera: String, in document: inout ConfigurationDocument
    ) throws {
        let faults = ZoneFault.all(in: zones, of: try document.zones(of: camera))
        guard faults.isEmpty else { throw Refused(camera: camera, faults: faults) }
        try document.setZones(zones, of: camera)
    }

    /// The same as a trial: also what the file names is checked.
    func tried(_ zones: [ZoneDraft], of camera: String, expecting version: String) throws -> Change {
        let (change, configuration) = try drafted(zones, of: camera)
        try Self.require(version, of: change.before)
        try Self.telling(of: change.after) { try parts.check(configuration) }
        return change
    }

    func save(
        _ zones: [ZoneDraft], of camera: String, expecting version: String, by account: String, at date: Date
    ) throws -> Change {
        var after = ""
        return try written(
            Self.telling(of: after) {
                try store.edit(by: account, at: date) { document in
                    try Self.require(version, of: document.text)
                    try Self.set(zones, of: camera, in: &document)
                    after = document.text
                }
            })
    }

    // MARK: Versions

    func versions() throws -> [ConfigurationVersions.Version] { try store.versions() }

    /// The version that an undo restores; nil where there is none.
    var previous: Int? { try? store.previousNumber() }

    func text(ofVersion number: Int) throws -> String { try store.text(ofVersion: number) }

    func restore(
        _ number: Int, expecting version: String, isTrial: Bool, by account: String, at date: Date
    ) throws -> Change {
        let change = try Self.telling(of: (try? store.text(ofVersion: number)) ?? "") {
            try store.undo(to: number, isTrial: isTrial, by: account, at: date) { try Self.require(version, of: $0) }
        }
        return isTrial ? Change(before: change.before, after: change.after) : try written(change)
    }

    private func written(_ change: ConfigurationStore.Change) throws -> Change {
        Change(
            before: change.before, after: change.after,
            number: change.before == change.after ? nil : try store.versions().last?.number)
    }
}
