import ArgumentParser
import Domain
import Edge
import Foundation
import Hashing
import Runtime
import SiteConfiguration
import Synchronization

/// A change of the configuration, from the file to the running daemon.
struct ConfigurationChange: ParsableArguments {
    @OptionGroup var file: ConfigCommand.File
    @Flag(name: .customLong("dry-run"), help: "Check and show the difference, and write nothing.") var dryRun = false

    private struct Outcome: Encodable {
        /// The daemon's answer.
        enum Answer: String, Encodable {
            case applied
            case needsRestart = "needs_restart"
            case refused, none, unknown
        }

        var written: Bool
        var diff: String
        /// Nil where it was not asked.
        var daemon: Answer?
        var needsRestart: [String]?
        var reason: String?

        private enum CodingKeys: String, CodingKey {
            case written, diff, daemon, reason
            case needsRestart = "needs_restart"
        }
    }

    func apply(_ edit: @escaping (inout ConfigurationDocument) throws -> Void) throws {
        try apply(with: { try $0.edit(isTrial: dryRun, edit) })
    }

    /// The result of the check of a change.
    private final class Seen: Sendable { let sha256 = Mutex("") }

    /// - Parameter body: changes the file.
    func apply(with body: (ConfigurationStore) throws -> ConfigurationStore.Change) throws {
        let seen = Seen()
        let store = ConfigurationStore(path: file.config) { [path = file.config] configuration in
            let settings = try DaemonSettings(
                configuration, file: path, software: "gridwarden \(Gridwarden.version)")
            seen.sha256.withLock { $0 = settings.site.configurationSHA256 }
        }
        findCredentials()
        let change = try Self.reporting(file) { try body(store) }
        let secrets = KnownSecrets(of: [change.before, change.after])
        let diff = secrets.redact(LineDifference.unified(change.before, change.after, name: file.config))
        var outcome = Outcome(written: !dryRun && change.before != change.after, diff: diff)
        if outcome.written { ask(about: change, seen.sha256.withLock { $0 }, secrets, &outcome) }
        try show(outcome)
        if outcome.daemon == .refused || outcome.daemon == .unknown { throw ExitCode.failure }
    }

    /// Where the unit takes them from, unless specified otherwise.
    private func findCredentials() {
        let folder = URL(filePath: file.config).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "credentials").path
        if FileManager.default.fileExists(atPath: folder) { setenv("CREDENTIALS_DIRECTORY", folder, 0) }
    }

    private func ask(
        about change: ConfigurationStore.Change, _ sha256: String, _ secrets: KnownSecrets, _ outcome: inout Outcome
    ) {
        // The running daemon has the state folder of the text before.
        let before = try? Configuration.parse(text: change.before, file: file.config)
        let after = try? Configuration.parse(text: change.after, file: file.config)
        guard let folder = (before ?? after)?.site.stateDirectory else { return }
        do {
            let report = try StatusClient.reload(of: URL(filePath: folder))
            outcome.reason = report.reason.map(secrets.redact)
            switch report.outcome {
            case .applied where report.sha256 == sha256 || isOfThisFile(report.sha256): outcome.daemon = .applied
            case .applied:
                outcome.daemon = .unknown
                outcome.reason = "the daemon has taken another file: compare its --config"
            case .needsRestart: (outcome.daemon, outcome.needsRestart) = (.needsRestart, report.needsRestart)
            case .refused: outcome.daemon = .refused
            }
            if report.outcome == .applied, !report.failed.isEmpty {
                outcome.reason = "could not start \(report.failed.joined(separator: ", ")): see the log"
            }
        } catch {
            switch error {
            case .noDaemon: outcome.daemon = Outcome.Answer.none
            case .unanswered(let reason): (outcome.daemon, outcome.reason) = (.unknown, reason)
            }
        }
    }

    /// Whether the file had, or has, this SHA-256. The daemon read it after this change was written, so it contains
    /// this change, or a later one.
    private func isOfThisFile(_ sha256: String?) -> Bool {
        let store = ConfigurationStore(path: file.config)
        let texts = [try? store.text()] + ((try? store.versions()) ?? []).map { try? store.text(ofVersion: $0.number) }
        return texts.contains { text in
            text.flatMap { try? SHA256.hex(Array($0.utf8)) }.map { $0 == sha256 } ?? false
        }
    }

    private func show(_ outcome: Outcome) throws {
        guard !file.json else { return try JSONText.print(outcome) }
        guard !outcome.diff.isEmpty else { return print("nothing to change: \(file.config) says so already") }
        print(outcome.diff, terminator: "")
        guard outcome.written else { return print("not written: a dry run") }
        print("written: \(file.config)")
        let reason = outcome.reason.map { ": \($0)" } ?? ""
        switch outcome.daemon {
        case .applied?: print("applied: the running daemon uses it" + reason)
        case .needsRestart?:
            let keys = outcome.needsRestart?.joined(separator: ", ") ?? ""
            print("kept: needs a restart for \(keys) (systemctl restart gridwarden)")
        case Outcome.Answer.none?: print("no daemon is running: it is used from the next start on")
        case .refused?: Console.complain("the running daemon has refused it, the file stays written" + reason)
        case .unknown?: Console.complain("whether the running daemon uses it is not known" + reason)
        case nil: break
        }
    }

    // MARK: Helpers of all verbs

    /// Prints errors, and ends with their exit code.
    static func reporting<T>(_ file: ConfigCommand.File, _ body: () throws -> T) throws -> T {
        func end(_ message: String, _ code: Int32) throws -> Never {
            if file.json { try JSONText.print(["error": message]) }
            Console.complain(message)
            throw ExitCode(code)
        }
        do { return try body() } catch let faults as ConfigurationFaults {
            if file.json { try ConfigurationFile.printJSON(faults.faults) }
            for fault in faults.faults { Console.complain("\(fault)") }
            throw ExitCode(78)
        } catch let fault as ConfigurationEditFault {
            switch fault.reason {
            case .malformed: try end("\(fault)", 64)
            case .missing: try end("\(fault)", 66)
            case .unsupported: try end("\(file.config): \(fault)", 1)
            }
        } catch let fault as ConfigurationStoreFault {
            switch fault.reason {
            case .busy, .changed: try end("\(fault)", 75)
            case .noVersion: try end("\(fault)", 66)
            case .unwritable: try end("\(fault)", 1)
            }
        } catch let error as SetupError {
            try end("\(error)", 78)
        }
    }

    /// The text of the file, valid or not.
    static func text(of path: String) throws -> String { try ConfigurationStore(path: path).text() }

    static func input() -> String {
        let most = 1 << 20
        let data = (try? FileHandle.standardInput.read(upToCount: most)) ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    /// One item, alone or as a list of one, as copied from a file.
    static func item(_ yaml: String) throws -> ConfigurationValue {
        let value = try ConfigurationValue(yaml: yaml)
        if case .list(let items) = value, items.count == 1 { return items[0] }
        return value
    }
}
