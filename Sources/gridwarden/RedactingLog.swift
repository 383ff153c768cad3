import Logging
import Runtime

/// Takes the secrets out of each line before another handler writes it.
struct RedactingLog: LogHandler {
    var handler: any LogHandler
    let secrets: KnownSecrets

    var logLevel: Logger.Level {
        get { handler.logLevel }
        set { handler.logLevel = newValue }
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
