import Domain
import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import Threading

@testable import Contract
@testable import Delivery
@testable import Edge
@testable import MQTT
@testable import Store

@Suite(.waiting) struct PublisherServiceTests {
    /// Keeps what is logged.
    private struct Pen: LogHandler {
        final class Book: Sendable { let lines = Mutex<[String]>([]) }

        let book: Book
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            book.lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
        }
    }

    @Test func `a wrong set-up of the client is logged and tried again until it is put right`() async throws {
        let folder = try TemporaryFolder()
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        let book = Pen.Book()
        let logger = Logger(label: "test") { _ in Pen(book: book) }
        let place = GridLocation(area: try AreaCode("320583102201"))
        let site = SiteIdentity(
            id: "s", place: place, software: "0", configurationSHA256: "", catalogue: "0",
            model: .init(name: "m", version: "1", sha256: ""))
        var broker = MQTTSettings(host: "127.0.0.1", port: try FreePort.tcp(), clientID: "s-\(UUID().uuidString)")
        broker.tls = .init(authorities: folder.file("missing.pem").path)
        let publisher = Publisher(
            outbox: outbox, broker: broker, topics: AlertTopics(), site: site, logger: logger)
        let service = PublisherService(
            publisher: publisher, logger: logger, backoff: Backoff(shortest: 0.05, longest: 0.1))
        let group = ServiceGroup(services: [service], logger: Logger(label: "group") { _ in SwiftLogNoOpLogHandler() })
        let task = Task { try await group.run() }
        func faults() -> Int {
            book.lines.withLock { $0.count { $0.contains("cannot be set up") && $0.contains("missing.pem") } }
        }
        #expect(try await eventually { faults() >= 3 })
        #expect(book.lines.withLock { $0.first?.hasPrefix("error") } == true)
        try FileManager.default.copyItem(
            atPath: "/etc/ssl/certs/ca-certificates.crt", toPath: folder.file("missing.pem").path)
        // The set-up works now; what is missing is a broker.
        func isConnecting() -> Bool { book.lines.withLock { $0.contains { $0.contains("no broker") } } }
        #expect(try await eventually { isConnecting() })
        await group.triggerGracefulShutdown()
        try await task.value
    }
}
