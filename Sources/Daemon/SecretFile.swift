import Foundation

/// A file that only the daemon may read: by its path, or by the name of a credential that systemd hands over.
enum SecretFile {
    /// What the unit's `LoadCredential=` of a whole folder puts before each name.
    private static let prefix = "gridwarden_"

    /// Where `text` lies: a path as it is; a name without a slash in `$CREDENTIALS_DIRECTORY`.
    static func path(
        _ text: String, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(SetupError) -> String {
        if text.contains("/") { return text }
        guard let folder = environment["CREDENTIALS_DIRECTORY"] else {
            throw SetupError(
                description: "\(text) has no slash and so names a credential of systemd, but $CREDENTIALS_DIRECTORY is "
                    + "not set; start the daemon by its unit, set the variable to the credentials' folder, or write a path"
            )
        }
        let candidates = ["\(folder)/\(text)", "\(folder)/\(prefix)\(text)"]
        guard let found = candidates.first(where: FileManager.default.fileExists) else {
            throw SetupError(
                description: "there is no credential \(text) in \(folder); put it into /etc/gridwarden/credentials, or "
                    + "name it with LoadCredential= in the unit, and start the service again")
        }
        return found
    }

    /// The lines of a small file, from the first that is not empty on; at least one.
    ///
    /// - Parameter what: what the configuration calls it.
    static func lines(of text: String, _ what: String) throws(SetupError) -> [String] {
        let path = try path(text)
        guard let content = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw SetupError(description: "could not read \(path), \(what); check that it exists and may be read")
        }
        var lines = content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        // What ends the last line begins no other.
        if lines.last?.isEmpty == true { lines.removeLast() }
        lines = Array(lines.drop { $0.isEmpty })
        guard !lines.isEmpty else { throw SetupError(description: "\(path), \(what), is empty; write it there") }
        return lines
    }
}
