import Foundation
import Glibc
import Logging
import Runtime
import Synchronization

/// Writes log lines for systemd's journal: each begins with its syslog priority, `<0>` … `<7>` (sd-daemon(3)); the
/// journal adds the time.
struct JournalLog: LogHandler {
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.info
    var metadataProvider: Logger.MetadataProvider?

    /// Whether standard error is the journal: `$JOURNAL_STREAM` names its device and inode.
    static var isConnected: Bool {
        var status = stat()
        guard let stream = getenv("JOURNAL_STREAM"), fstat(STDERR_FILENO, &status) == 0 else { return false }
        return String(cString: stream) == "\(status.st_dev):\(status.st_ino)"
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let facts = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
        let line = Self.line(event.level, "\(event.message)", facts)
        // One call per line, so that those of several threads do not mix.
        FileHandle.standardError.write(Data(line.utf8))
    }

    static func line(_ level: Logger.Level, _ message: String, _ facts: Logger.Metadata) -> String {
        let text = facts.sorted { $0.key < $1.key }.reduce(message) { "\($0) \($1.key)=\($1.value)" }
        // A line feed would start a new entry.
        return "<\(priority(level))>" + text.replacing("\n", with: " | ") + "\n"
    }

    private static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}

/// The least level that is written, for all loggers; a reload may change it.
final class LogThreshold: Sendable {
    private let held: Mutex<Logger.Level>

    init(_ level: Logger.Level) { held = Mutex(level) }

    var level: Logger.Level {
        get { held.withLock { $0 } }
        set { held.withLock { $0 = newValue } }
    }
}

/// Redacts secrets in each line before another handler writes it.
struct RedactingLog: LogHandler {
    var handler: any LogHandler
    let secrets: KnownSecrets
    let threshold: LogThreshold

    var logLevel: Logger.Level {
        get { threshold.level }
        nonmutating set { threshold.level = newValue }
    }
    /// Kept here: the other handler would write its own unredacted.
    var metadata = Logger.Metadata()
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var event = event
        event.message = "\(secrets.redact("\(event.message)"))"
        let facts = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
        event.metadata = facts.mapValues { .string(secrets.redact("\($0)")) }
        handler.log(event: event)
    }
}
