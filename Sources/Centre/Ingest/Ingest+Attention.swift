import Contract
import Domain
import Foundation
import Logging
import MQTT
import Store

/// What is due by time: replays, sites that are silent, requests without an answer, cases that go on by themselves, old things.
extension Ingest {
    /// Cases and requests in one transaction.
    private static let most = 200
    /// Sites that are asked in one second how far they have come.
    private static let pings = 50
    /// Seconds until which a site must have a command, by its own clock.
    private static let commandLife = 3600.0

    func attend(_ state: inout IngestState, at date: Double) {
        do {
            try renewLeases(&state, at: date)
            askForMissing(&state, at: date)
            try noteSilence(&state, at: date)
            if leases.does(.cases) { try goOn(state, at: date) }
            try sendRequests(state, at: date)
            ping(&state, at: date)
            try prune(&state, at: date)
            state.complaint = nil
        } catch {
            state.streams.discard()
            // The next second takes them again.
            guard !(error is LeasesLost), state.complaint != "\(error)" else { return }
            state.complaint = "\(error)"
            logger.error("what is due could not be done, it is tried again", metadata: ["reason": "\(error)"])
        }
    }

    // MARK: Sequences

    private func askForMissing(_ state: inout IngestState, at date: Double) {
        for var stream in state.streams.all where !stream.book.holes.isEmpty || !stream.written.isEmpty {
            if let span = stream.plan.next(stream.book, at: date, most: Command.mostMessages) {
                let id = UUIDv7.make(date: Date(timeIntervalSince1970: date)).text
                let command = OutgoingCommand.replay(
                    span, epoch: stream.row.epoch, id: id, by: rules.name, expires: expiry(stream, date))
                if send(message(command, to: stream), state.homes[stream.row.id]) {
                    stream.book.ask(for: span, at: date)
                    stream.plan.asked(id, for: span, at: date)
                    logger.notice(
                        "messages are missing, they are asked for",
                        metadata: [
                            "site": "\(stream.row.id)", "first": "\(span.lowerBound)", "last": "\(span.upperBound)",
                        ])
                }
            }
            let holes = stream.book.holes.filter { date - $0.noticed >= ReplayPlan.patience }
            if holes != stream.written {
                let (before, request) = (stream.written, stream.plan.underWay?.id)
                do {
                    try leased(state) { db in
                        try GapRows.writeOpen(
                            stream.row.stream, holes, before: before, lost: stream.book.lost, request: request, db,
                            at: date)
                    }
                    stream.written = holes
                } catch is LeasesLost { break } catch {
                    logger.error("gaps could not be written", metadata: ["reason": "\(error)"])
                }
            }
            state.streams[stream.row.stream] = stream
        }
        state.streams.adopt()
    }

    private func message(_ command: OutgoingCommand, to stream: SiteStream) -> MQTTMessage {
        MQTTMessage(
            topic: "\(topics.root)/command/\(stream.row.place)/_/\(stream.row.id)", payload: command.json,
            expiry: UInt32(Self.commandLife))
    }

    /// By the site's clock, so far as it is known.
    private func expiry(_ stream: SiteStream, _ date: Double) -> Date {
        Date(timeIntervalSince1970: date + (stream.row.clock ?? 0) + Self.commandLife)
    }

    /// Asks all sites that were known before how far they have come: what they sent while nobody listened may have no
    /// successor yet.
    private func ping(_ state: inout IngestState, at date: Double) {
        guard !state.unasked.isEmpty else { return }
        var asked = 0
        for site in state.unasked.prefix(Self.pings) {
            if let number = state.streams.current(site), let stream = state.streams[number] {
                let command = OutgoingCommand.ping(
                    id: UUIDv7.make(date: Date(timeIntervalSince1970: date)).text, by: rules.name,
                    expires: expiry(stream, date))
                guard send(message(command, to: stream), state.homes[site]) else { break }
            }
            asked += 1
        }
        state.unasked = Array(state.unasked.dropFirst(asked))
    }

    private func noteSilence(_ state: inout IngestState, at date: Double) throws {
        let lost = state.watch.overdue(at: Date(timeIntervalSince1970: date))
        guard !lost.isEmpty else { return }
        for change in lost {
            guard let number = state.streams.current(change.site), var stream = state.streams[number] else { continue }
            (stream.row.state, stream.row.stateAt) = (change.standing.rawValue, date)
            state.streams[number] = stream
            logger.warning("a site is silent", metadata: ["site": "\(change.site)"])
        }
        state.streams = try leased(state) { db in
            var streams = state.streams
            try streams.write(db, at: date)
            return streams
        }
        state.streams.adopt()
    }

    // MARK: Cases and requests

    private func goOn(_ state: IngestState, at date: Double) throws {
        let due = try store.read {
            try $0.rows(
                "SELECT id FROM casefile WHERE auto_at <= ? ORDER BY auto_at LIMIT ?", [.real(date), .count(Self.most)])
        }
        guard !due.isEmpty else { return }
        try leased(state) { db in
            var book = CaseBook(db, rules, topics: topics, at: date)
            for row in due { _ = try book.goOn(row.name(0)) }
            try book.tally.write(db)
        }
    }

    private func sendRequests(_ state: IngestState, at date: Double) throws {
        // Those for our sites; who has a site hears its answer.
        let due = try store.read { try RequestRow.due($0, at: date, limit: Self.most * (leases.isShared ? 10 : 1)) }
            .filter { state.held.shares.contains(Leases.share(of: $0.site)) }.prefix(Self.most)
        // Without a connection the next second does.
        let sent = due.filter {
            send(MQTTMessage(topic: $0.topic, payload: Array($0.payload.utf8)), state.homes[$0.site])
        }
        guard !sent.isEmpty else { return }
        try leased(state) { db in for request in sent { try request.attempted(db, at: date) } }
    }

    private func prune(_ state: inout IngestState, at date: Double) throws {
        guard abs(date - state.pruned) >= Retention.period else { return }
        let isDone = leases.does(.retention) ? try retention.prune(store, at: date) : true
        if leases.isShared { retention.sweep(at: date) }
        // What is left of a large past goes in the next seconds.
        if isDone { state.pruned = date }
    }
}
