import Foundation

/// A file that only the daemon may read: by its path, or by the name of a systemd credential.
package enum SecretFile {
    /// The prefix that the unit's `LoadCredential=` of a whole folder adds to each name.
    private static let prefix = "gridwarden_"

    /// Resolves `text`: a path as it is; a name without a slash in `$CREDENTIALS_DIRECTORY`.
    package static func path(
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

    /// Throws for a pipe or a device, which another library would open and wait for.
    package static func checkKind(of path: String, _ what: String) throws(SetupError) {
        do { _ = try RegularFile.read(path, most: 1 << 20) } catch {
            throw SetupError(description: "could not use \(path), \(what): \(error.text)")
        }
    }

    /// Size limit in bytes; no password is longer.
    private static let mostBytes = 4096

    /// The lines of a small file, none of which is repeated in an error: it may contain another secret than intended.
    ///
    /// - Parameters:
    ///   - what: its name in the configuration.
    ///   - count: required number of lines; the last ones may be empty.
    ///   - form: the expected content, for errors.
    package static func lines(of text: String, _ what: String, count: Int, form: String) throws(SetupError) -> [String]
    {
        let path = try path(text)
        func fault(_ cause: String) -> SetupError {
            SetupError(description: "could not use \(path), \(what): \(cause)")
        }
        let bytes: [UInt8]
        do { bytes = try RegularFile.read(path, most: mostBytes) } catch { throw fault(error.text) }
        guard let content = String(validating: bytes, as: UTF8.self),
            !content.unicodeScalars.contains(where: {
                $0.properties.generalCategory == .control && !"\r\n".unicodeScalars.contains($0)
            })
        else { throw fault("it holds other things than text; \(form)") }
        var lines = content.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
        // The last line's terminator does not begin another line.
        if lines.last?.isEmpty == true { lines.removeLast() }
        while lines.last?.isEmpty == true, lines.count > count { lines.removeLast() }
        guard let first = lines.first, !first.isEmpty else { throw fault("it is empty; \(form)") }
        guard lines.count == count else {
            throw fault("it holds \(lines.count == 1 ? "one line" : "\(lines.count) lines"); \(form)")
        }
        // Rejects a certificate or a key in place of a line.
        guard !lines.contains(where: { $0.hasPrefix("-----BEGIN") }) else {
            throw fault("it holds a key or a certificate; \(form)")
        }
        return lines
    }
}

/// A text that appears in no description, dump or log.
public struct Secret: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible,
    CustomDebugStringConvertible, CustomReflectable
{
    package let text: String

    public init(_ text: String) { self.text = text }
    public init(stringLiteral value: String) { text = value }

    public var description: String { "•••" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
