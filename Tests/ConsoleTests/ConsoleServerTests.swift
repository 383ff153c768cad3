import Logging
import Synchronization
import TestSupport
import Testing

@testable import Console

/// A log whose level all its loggers share, as the daemon's do.
private final class SharedLog: Sendable {
    let level = Mutex(Logger.Level.info)
    let lines = Mutex<[String]>([])

    struct Handler: LogHandler {
        let log: SharedLog
        var metadata = Logger.Metadata()
        var logLevel: Logger.Level {
            get { log.level.withLock(\.self) }
            nonmutating set { log.level.withLock { $0 = newValue } }
        }

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { log.lines.withLock { $0.append("\(event.message)") } }
    }

    var logger: Logger { Logger(label: "shared") { _ in Handler(log: self) } }
}

@Suite(.waiting(minutes: 2)) struct ConsoleServerTests {
    @Test func `the console leaves the level of the daemon's log alone, and writes nothing of its clients there`()
        async throws
    {
        let log = SharedLog()
        let harness = try await ConsoleHarness(logger: log.logger)
        #expect(try harness.send("GET", "/nothing").status == 404)
        _ = try harness.raw(Array("nonsense\r\n\r\n".utf8), patience: 2)
        try await harness.stop()
        #expect(log.level.withLock(\.self) == .info)
        #expect(log.lines.withLock(\.self) == [])
    }
}
