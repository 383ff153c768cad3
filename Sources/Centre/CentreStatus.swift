import Contract
import Domain
package import Foundation

/// How a running centre stands; what `gridwarden centre status --json` prints.
package struct CentreStatus: Codable, Sendable {
    /// Seconds from the date of a message to its being stored; of messages that came by themselves.
    package struct Delay: Codable, Sendable {
        package var p50: Double
        package var p95: Double
        package var p99: Double
        package var longest: Double
    }

    package var id: String
    package var area: String
    package var software: String
    /// RFC 3339.
    package var began: String
    /// Brokers that it has a connection to, of how many.
    package var connected: Int
    package var brokers: Int
    package var stored: Int
    package var repeated: Int
    package var pictures: Int
    /// By reason.
    package var refused: [String: Int]
    package var waiting: Int
    package var dropped: Int
    package var batches: Int
    package var slowestBatch: Double
    package var delay: Delay
    /// By site, what is missing and not given up.
    package var missing: [String: Int64]
    /// Which centres share the database, and what each does; nil where it is nobody else's.
    package var leases: [LeaseHolder]?
    package var processorSeconds: Double
    /// Bytes.
    package var memory: Int?

    private enum CodingKeys: String, CodingKey {
        case id, area, software, began, connected, brokers, stored, repeated, pictures, refused, waiting, dropped
        case batches, delay, missing, leases, memory
        case slowestBatch = "slowest_batch"
        case processorSeconds = "processor_seconds"
    }

    init(
        _ settings: CentreSettings, _ figures: IngestFigures, isConnected: [Bool], leases: Leases, began: Date,
        processorSeconds: Double, memory: Int?
    ) {
        id = settings.id
        area = settings.area.segment(settings.area.level)
        software = settings.software
        self.began = RFC3339.string(from: began, in: settings.rules.timeZone)
        (connected, brokers) = (isConnected.count { $0 }, isConnected.count)
        (stored, repeated, pictures) = (figures.stored, figures.repeated, figures.pictures)
        refused = Dictionary(figures.refused.map { ($0.key.rawValue, $0.value) }) { $1 }
        (waiting, dropped, batches) = (figures.waiting, figures.dropped, figures.batches)
        slowestBatch = figures.slowest
        let delays = figures.delays
        delay = Delay(
            p50: delays.quantile(0.5), p95: delays.quantile(0.95), p99: delays.quantile(0.99), longest: delays.longest)
        missing = figures.missing
        self.leases = leases.isShared ? leases.holders : nil
        self.processorSeconds = processorSeconds
        self.memory = memory
    }

    package init(json: Data) throws { self = try JSONDecoder().decode(CentreStatus.self, from: json) }

    func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }
}
