import Logging
import Runtime
import Synchronization

/// The least level that is written, for all loggers; a reload may change it.
final class LogThreshold: Sendable {
    private let held: Mutex<Logger.Level>

    init(_ level: Logger.Level) { held = Mutex(level) }

    var level: Logger.Level {
        get { held.withLock { $0 } }
        set { held.withLock { $0 = newValue } }
    }
}

/// Takes the secrets out of each line before another handler writes it.
struct RedactingLog: LogHandler {
    var handler: any LogHandler
    let secrets: KnownSecrets
    let threshold: LogThreshold

    var logLevel: Logger.Level {
        get { threshold.level }
        nonmutating set { threshold.level = newValue }
    }
    /// Kept here: the other handler would write its own as it is.
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
