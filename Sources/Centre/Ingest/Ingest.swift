import Contract
import Domain
import Foundation
import Logging
import MQTT
import Store
import Synchronization

/// Takes what comes from the brokers into the database, in batches, on one thread; and asks sites for what is missing.
///
/// Stored comes first, counted after that: what a batch has changed in memory is adopted once its transaction is written.
final class Ingest: Sendable {
    /// Of one batch, in messages and in seconds of waiting for more. Screens are to show within a second what a site has sent.
    static let batch = (most: 500, pause: 0.05...0.25)
    /// Seconds between two looks at what is due.
    static let beat = 1.0

    let store: any SQLDatabase
    let rules: CaseRules
    let topics: AlertTopics
    let intake: Intake
    let retention: Retention
    let leases: Leases
    let logger: Logger
    let now: @Sendable () -> Date
    /// Sends a message to the broker by which a site was last heard of, or to all; waits for nothing. False where there is no
    /// connection.
    let send: @Sendable (MQTTMessage, _ broker: Int?) -> Bool
    /// Called where sites have come to us: what stands retained of them is to be heard again.
    let gainedSites: @Sendable () -> Void
    private let area: AreaCode
    private let pictures: PictureFolder?
    private let figures: Mutex<IngestFigures>

    init(
        _ store: any SQLDatabase, _ rules: CaseRules, area: AreaCode, topics: AlertTopics, intake: Intake,
        pictures: PictureFolder?, retention: Retention, leases: Leases = Leases(nil), logger: Logger,
        now: @escaping @Sendable () -> Date = { Date() }, gainedSites: @escaping @Sendable () -> Void = {},
        send: @escaping @Sendable (MQTTMessage, _ broker: Int?) -> Bool
    ) throws {
        self.store = store
        self.rules = rules
        self.area = area
        self.topics = topics
        self.intake = intake
        self.pictures = pictures
        self.retention = retention
        self.leases = leases
        self.gainedSites = gainedSites
        self.logger = logger
        self.now = now
        self.send = send
        figures = Mutex(IngestFigures())
        try CentreSchema.migrate(store)
        try store.write { try MessagePacker.prepare($0) }
    }

    /// What it has done since it began.
    var standing: IngestFigures {
        var standing = figures.withLock(\.self)
        (standing.waiting, standing.dropped) = (intake.waiting, intake.dropped)
        return standing
    }

    /// Reads what was kept.
    func begin() throws -> IngestState {
        var state = IngestState(
            refusals: Refusals(), reader: IncomingReader(topics: topics, area: area), packer: MessagePacker())
        try renewLeases(&state, at: now().timeIntervalSince1970)
        return state
    }

    /// Works until the intake is closed and empty. Blocks; throws where the database cannot be read at the start.
    func run() throws {
        var state = try begin()
        defer { leases.release() }
        var beat = now().timeIntervalSince1970
        while true {
            let received = intake.take(most: Self.batch.most, within: Self.beat, gathering: Self.batch.pause)
            if received.isEmpty, intake.isClosed { return }
            if !received.isEmpty { write(received, &state) }
            let date = now().timeIntervalSince1970
            // Also after a clock that was set back.
            if abs(date - beat) >= Self.beat {
                beat = date
                attend(&state, at: date)
                let missing = state.missing
                figures.withLock { $0.missing = missing }
            }
        }
    }

    func write(_ received: [Received], _ state: inout IngestState) {
        var incoming: [Incoming] = []
        incoming.reserveCapacity(received.count)
        for one in received {
            do throws(IncomingReader.Refused) {
                let read = try state.reader.read(one)
                if case .picture(let incident, let sha256, let bytes) = read.what {
                    try keep(bytes, sha256, incident)
                }
                state.homes[read.site ?? ""] = one.broker
                if state.takes(read) { incoming.append(read) }
            } catch {
                // Of nonsense nobody knows the site: one of all centres writes it down.
                guard error.reason == .store || state.held.shares.contains(Leases.share(of: one.message.topic)) else {
                    continue
                }
                state.refusals.add(.init(one, error.reason, error.text))
            }
        }
        write(incoming[...], &state)
    }

    private func keep(_ bytes: [UInt8], _ sha256: String, _ incident: String) throws(IncomingReader.Refused) {
        do { try pictures?.write(bytes, sha256: sha256) } catch {
            throw IncomingReader.Refused(
                reason: .store, text: "the picture \(sha256) of \(incident) could not be written: \(error)")
        }
    }

    /// One transaction; in halves where something in it is not taken, until that is found. A disk that takes nothing is tried
    /// again and again, and everything waits.
    private func write(_ all: ArraySlice<Incoming>, _ state: inout IngestState) {
        var (incoming, complaint): (ArraySlice<Incoming>, String?) = (all, nil)
        while true {
            let start = ContinuousClock.now
            do {
                let outcome = try attempt(incoming, &state)
                let date = now().timeIntervalSince1970
                figures.withLock {
                    $0.add(outcome, seconds: (ContinuousClock.now - start) / .seconds(1), at: date)
                    $0.refused = state.refusals.counts
                }
                if complaint != nil { logger.notice("messages are written again") }
                return
            } catch {
                state.streams.discard()
                if error is LeasesLost {
                    // What is ours now is written, the rest is another one's, which asks for it.
                    do {
                        try renewLeases(&state, at: now().timeIntervalSince1970)
                        incoming = incoming.filter { state.takes($0) }[...]
                        continue
                    } catch { logger.debug("leases could not be taken", metadata: ["reason": "\(error)"]) }
                }
                let isAboutContent = (error as? SQLFault)?.isAboutContent ?? !(error is LeasesLost)
                guard !isAboutContent else { return divide(incoming, &state, "\(error)") }
                if complaint != "\(error)" {
                    logger.error("messages wait, they cannot be written", metadata: ["reason": "\(error)"])
                }
                complaint = "\(error)"
                guard !intake.isClosed else { return }
                Thread.sleep(forTimeInterval: 1)
            }
        }
    }

    private func divide(_ incoming: ArraySlice<Incoming>, _ state: inout IngestState, _ reason: String) {
        guard let only = incoming.first else {
            return logger.error("something could not be written", metadata: ["reason": "\(reason)"])
        }
        guard incoming.count > 1 else {
            state.refusals.add(.init(only.received, .store, reason))
            state.reader.forget()
            return logger.error(
                "a message could not be written",
                metadata: ["topic": "\(only.received.message.topic)", "reason": "\(reason)"])
        }
        let middle = incoming.startIndex + incoming.count / 2
        write(incoming[..<middle], &state)
        write(incoming[middle...], &state)
    }

    private func attempt(
        _ incoming: ArraySlice<Incoming>, _ state: inout IngestState
    ) throws -> BatchWriter.Outcome {
        let date = now().timeIntervalSince1970
        let writer = try leased(state) { db in
            var streams = state.streams
            try streams.begin(db)
            var writer = BatchWriter(
                db: db, streams: streams, book: CaseBook(db, rules, topics: topics, at: date),
                cameras: state.cameras, refusals: state.refusals, watch: state.watch, packer: state.packer, now: date)
            for one in incoming { try writer.take(one) }
            try writer.finish()
            return writer
        }
        state.adopt(writer)
        return writer.outcome
    }
}
