import Foundation
import Glibc
import Inference
import Runtime
public import SiteConfiguration

/// Collects the faults of resources that a configuration refers to, each at its key.
struct NamedThings {
    let configuration: Configuration
    /// The name of the configuration file.
    let file: String
    private(set) var faults: [ConfigurationFault] = []

    init(_ configuration: Configuration, file: String) {
        self.configuration = configuration
        self.file = file
    }

    mutating func report(_ message: String, at path: String...) {
        faults.append(configuration.fault(message, at: path, in: file))
    }

    /// Nil where `body` throws; its error is then a fault at `path`.
    @discardableResult
    mutating func attempt<T>(at path: String..., reading body: () throws -> T) -> T? {
        do { return try body() } catch {
            faults.append(configuration.fault("\(error)", at: path, in: file))
            return nil
        }
    }

    /// In the order of the file.
    func end() throws(ConfigurationFaults) {
        guard !faults.isEmpty else { return }
        throw ConfigurationFaults(faults: faults.sorted { ($0.line, $0.column) < ($1.line, $1.column) })
    }
}

extension DaemonSettings {
    /// The additional checks of `check`: the model's files, and write access of this user to the folders. Throws
    /// `ConfigurationFaults`.
    public func checkMachine(for configuration: Configuration, file: String) throws {
        var named = NamedThings(configuration, file: file)
        named.attempt(at: "detector", "model") { try models.verify() }
        named.checkRights()
        try named.end()
    }
}

extension NamedThings {
    /// Faults of the folders that do not depend on the state of the machine.
    mutating func checkFolders() {
        let state = URL(filePath: configuration.site.stateDirectory)
        let socket = state.appending(path: StatusClient.socketName).path
        if socket.utf8.count > LocalSocket.longestPath {
            report(
                "site: state_directory is too long: the path of the socket in it, \(socket), has \(socket.utf8.count) bytes "
                    + "of at most \(LocalSocket.longestPath); choose a shorter one", at: "site", "state_directory")
        }
        if isOtherThanFolder(state) {
            report("site: state_directory is no folder: name another one", at: "site", "state_directory")
        }
        guard configuration.evidence.isEnabled else { return }
        let evidence = URL(filePath: configuration.evidence.directory)
        if isOtherThanFolder(evidence) {
            report("evidence: directory is no folder: name another one", at: "evidence", "directory")
        }
        let (inner, outer) = (real(state), real(evidence))
        if inner == outer || inner.starts(with: outer) {
            report(
                "evidence: directory \(evidence.path) holds the state folder: the evidence needs a folder that nothing else is "
                    + "in, e.g. \(state.appending(path: "evidence").path)", at: "evidence", "directory")
        }
    }

    /// Missing permissions and similar conditions; the daemon waits until they are resolved.
    mutating func checkRights() {
        var folders = [("site: state_directory", configuration.site.stateDirectory, ["site", "state_directory"])]
        if configuration.evidence.isEnabled {
            folders.append(("evidence: directory", configuration.evidence.directory, ["evidence", "directory"]))
        }
        for (name, path, key) in folders {
            guard let reason = hindrance(to: URL(filePath: path)) else { continue }
            let message =
                "\(name): user \(NSUserName()) cannot write to \(path) (\(reason)); give the folder to the service's user, or "
                + "check its disk"
            faults.append(configuration.fault(message, at: key, in: file))
        }
    }

    private func isOtherThanFolder(_ url: URL) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) && !isDirectory.boolValue
    }

    private func real(_ url: URL) -> [String] { url.standardizedFileURL.resolvingSymlinksInPath().pathComponents }

    /// Why a file cannot be written there, or the folder not be created; nil where it can.
    private func hindrance(to folder: URL) -> String? {
        var url = folder.standardizedFileURL
        while !FileManager.default.fileExists(atPath: url.path), url.path != "/" {
            url = url.deletingLastPathComponent()
        }
        guard access(url.path, W_OK | X_OK) == 0 else { return String(cString: strerror(errno)) }
        // Only a trial detects root's rights, a full or read-only disk, and file systems without folders.
        var trial = Array(url.appending(path: ".gridwarden-check-XXXXXX").path.utf8CString)
        guard mkdtemp(&trial) != nil else { return String(cString: strerror(errno)) }
        rmdir(trial)
        return nil
    }
}
