public import Foundation
import Glibc

/// Changes a configuration file: one change at a time over all processes, validated as a whole, written atomically, and
/// with earlier versions kept.
///
/// Beside the file `NAME` are `.NAME.lock`, held (flock(2)) during a change, and the folder `.NAME.versions`,
/// accessible to its owner only: versions may contain addresses with passwords. They are there and not in the state
/// folder, since whoever can change the file can write there, and since the state folder belongs to the service's user.
/// Blocks.
public struct ConfigurationStore: Sendable {
    /// The text before and after.
    public struct Change: Sendable, Hashable {
        public let before: String
        public let after: String
    }

    /// The number of versions that are kept, including the newest.
    public static let mostVersions = 20

    /// As given; its name in faults.
    public let path: String
    private let patience: Double
    private let check: @Sendable (Configuration) throws -> Void

    /// - Parameters:
    ///   - path: of the file; for a link, its target is changed.
    ///   - patience: seconds to wait for another process that is changing the file.
    ///   - check: additional checks of a valid configuration; throws `ConfigurationFaults` or another error.
    public init(
        path: String, patience: Double = 10, check: @escaping @Sendable (Configuration) throws -> Void = { _ in }
    ) {
        self.path = path
        self.patience = patience
        self.check = check
    }

    /// The current text, at most 1 MiB of UTF-8. It may contain credentials.
    public func text() throws(ConfigurationFaults) -> String { try SourceText.read(path: path) }

    /// Edits the file. Throws `ConfigurationFaults` where the result would be invalid, with places in the new text,
    /// `ConfigurationEditFault`, or `ConfigurationStoreFault`; then nothing was written.
    ///
    /// - Parameters:
    ///   - isTrial: everything except the writing.
    ///   - by: whose version it is, one line; nil for a person at the machine.
    ///   - date: of the version.
    public func edit(
        isTrial: Bool = false, by author: String? = nil, at date: Date = Date(),
        _ body: (inout ConfigurationDocument) throws -> Void
    ) throws -> Change {
        try locked { file in
            let before = try SourceText.read(path: path)
            var document = try ConfigurationDocument(text: before, file: path)
            try body(&document)
            let change = Change(before: before, after: document.text)
            try validate(change.after)
            if !isTrial, change.before != change.after { try write(change, to: file, by: author, at: date) }
            return change
        }
    }

    /// Restores an older version: the one before the last change, or the named one. Repeating it goes further back.
    /// Throws like `edit`.
    ///
    /// - Parameter isExpected: throws where the present text is not the one that the change was meant for.
    public func undo(
        to number: Int? = nil, isTrial: Bool = false, by author: String? = nil, at date: Date = Date(),
        _ isExpected: (_ text: String) throws -> Void = { _ in }
    ) throws -> Change {
        try locked { file in
            let before = try SourceText.read(path: path)
            try isExpected(before)
            let versions = try ConfigurationVersions(of: file)
            let target: Int
            if let number {
                target = number
            } else {
                target = try versions.predecessor(of: before)
            }
            let change = Change(before: before, after: try versions.text(of: target))
            try validate(change.after)
            if !isTrial, change.before != change.after {
                try write(change, to: file, backTo: target, by: author, at: date)
            }
            return change
        }
    }

    /// The oldest first.
    public func versions() throws -> [ConfigurationVersions.Version] {
        try ConfigurationVersions(of: try real()).versions
    }

    /// The version that `undo` would restore.
    public func previous() throws -> String { try text(ofVersion: previousNumber()) }

    /// Its number.
    public func previousNumber() throws -> Int {
        try ConfigurationVersions(of: try real()).predecessor(of: try text())
    }

    /// Whether this user may replace the file; where it seems so, writing may fail all the same.
    public var canWrite: Bool {
        guard let file = try? real(), let owner = try? FileOwner(of: file) else { return false }
        let folder = file.deletingLastPathComponent().path
        return access(folder, W_OK | X_OK) == 0 && (geteuid() == 0 || geteuid() == owner.user)
    }

    /// The text of a version.
    public func text(ofVersion number: Int) throws -> String {
        try ConfigurationVersions(of: try real()).text(of: number)
    }

    private func validate(_ text: String) throws { try check(try Configuration.parse(text: text, file: path)) }

    /// The file itself, behind all links.
    private func real() throws -> URL {
        guard let pointer = realpath(path, nil) else {
            // The reader has the better message for a missing file.
            _ = try SourceText.read(path: path)
            throw ConfigurationStoreFault(.unwritable, "could not find \(path): \(String(cString: strerror(errno)))")
        }
        defer { free(pointer) }
        return URL(filePath: String(cString: pointer))
    }

    private func locked<T>(_ body: (URL) throws -> T) throws -> T {
        let file = try real()
        let lock = try FileLock(of: file, patience: patience)
        defer { withExtendedLifetime(lock) {} }
        return try body(file)
    }

    private func write(
        _ change: Change, to file: URL, backTo: Int? = nil, by author: String?, at date: Date
    ) throws {
        let versions = try ConfigurationVersions(of: file)
        let owner = try FileOwner(of: file)
        // A manual change is recorded as a version as well.
        let isKnown = try versions.last.map { try versions.text(of: $0.number) == change.before } ?? false
        if !isKnown { try versions.append(change.before, backTo: nil, by: nil, owner: owner, at: date) }
        // An editor takes no lock.
        guard try SourceText.read(path: path) == change.before else {
            throw ConfigurationStoreFault(
                .changed,
                "\(path) was changed by somebody else meanwhile, nothing was written: look at it, and try again")
        }
        try WholeFile.write(change.after, to: file, owner: owner)
        try versions.append(change.after, backTo: backTo, by: author, owner: owner, at: date)
    }
}

/// Why a configuration could not be changed, and the remedy.
public struct ConfigurationStoreFault: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Reason: Sendable, Hashable {
        /// Another process is changing the file.
        case busy
        /// It was changed between reading and writing.
        case changed
        /// There is no such version.
        case noVersion
        case unwritable
    }

    public let reason: Reason
    public let description: String

    init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }

    static func failed(_ operation: String) -> ConfigurationStoreFault {
        ConfigurationStoreFault(unwritable: "could not \(operation): \(String(cString: strerror(errno)))")
    }

    /// - Parameter cause: what failed, and why.
    init(unwritable cause: String) {
        self.init(
            .unwritable, "\(cause); run this as root or as the owner of the file and its folder, and check the disk")
    }
}
