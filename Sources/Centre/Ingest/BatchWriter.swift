import Contract
import Domain
import Foundation
import MQTT
import Runtime
import Store

/// Writes one batch of messages, and all that follows from them, within one transaction.
struct BatchWriter {
    /// What a batch has done, for figures.
    struct Outcome: Sendable {
        var stored = 0
        var repeated = 0
        var pictures = 0
        /// Dates of the messages that are new and came by themselves.
        var times: [Double] = []
    }

    let db: any SQLConnection
    var streams: SiteStreams
    var book: CaseBook
    var cameras: CameraCache
    var refusals: Refusals
    var watch: SiteWatch
    var outcome = Outcome()
    let packer: MessagePacker
    let now: Double

    mutating func take(_ incoming: Incoming) throws {
        switch incoming.what {
        case .alert(let record, let payload): try take(record, payload, incoming)
        case .site(let report): take(report, incoming)
        case .camera(let report): try take(report, incoming)
        case .reply(let reply): try take(reply, incoming)
        case .picture(let incident, let sha256, let bytes):
            outcome.pictures += 1
            try EvidenceRows.came(sha256, incident: incident, bytes: bytes.count, db, at: now)
        case .answer(let answer): try take(answer, incoming)
        case .repeated: outcome.repeated += 1
        case .emptied: break
        }
    }

    // MARK: Alerts

    private mutating func take(_ record: AlertRecord, _ payload: [UInt8], _ incoming: Incoming) throws {
        let number = streams.stream(
            record.site, epoch: record.epoch, area: incoming.area, place: incoming.place, at: now)
        guard var stream = streams[number] else { return }
        guard !stream.book.isAbsurd(record.sequence) else {
            return refusals.add(
                .init(
                    incoming.received, .sequenceAbsurd,
                    "\(record.site) was at \(stream.book.highest) and cannot have come to \(record.sequence)"))
        }
        let isNew = try packer.store(record, payload, stream: number, receivedAt: incoming.received.at, db)
        if !isNew, try !isKnown(record, stream: number) {
            return refusals.add(
                .init(
                    incoming.received, .sequenceReused,
                    "another message of \(record.site) has the sequence \(record.sequence), or this one another"))
        }
        _ = stream.book.arrive(record.sequence, at: now)
        stream.row.seen = now
        stream.row.highest = max(stream.row.highest, record.sequence)
        streams[number] = stream
        guard isNew else {
            outcome.repeated += 1
            return
        }
        outcome.stored += 1
        if !record.backfilled, !incoming.received.message.retain { outcome.times.append(record.time) }
        try cameras.see(record, db)
        try change(record, incoming)
    }

    private func isKnown(_ record: AlertRecord, stream: Int64) throws -> Bool {
        let row = try db.row("SELECT stream, sequence FROM message WHERE id = ?", [.text(record.id)])
        return row?.integer(0) == stream && row?.integer(1) == record.sequence
    }

    /// The incident and its case.
    private mutating func change(_ record: AlertRecord, _ incoming: Incoming) throws {
        guard var incident = try IncidentRow.find(record.incident, db) else {
            var incident = IncidentRow(record, topic: incoming.place, at: now)
            incident.caseID = try book.found(
                incident, code: record.code.flatMap { code in record.codeSystem.map { ($0, code) } })
            try incident.insert(db)
            try EvidenceRows.named(record, db)
            if !incident.isOpen || incident.review != "pending" { try book.changed(incident, from: nil) }
            return
        }
        // An older word that comes late tells nothing new of the present; of another site it tells nothing at all.
        guard record.revision > incident.revision, record.site == incident.site else { return }
        let before = incident
        incident.take(record, at: now)
        try incident.update(db)
        if record.pictures.count != before.pictures { try EvidenceRows.named(record, db) }
        if incident.state != before.state || incident.review != before.review {
            try book.changed(incident, from: before)
        }
    }

    /// Writes what the batch has added up.
    mutating func finish() throws {
        try book.tally.write(db)
        try streams.write(db, at: now)
        try refusals.write(db)
    }
}

extension IncidentRow {
    /// What a later revision says.
    mutating func take(_ record: AlertRecord, at now: Double) {
        (state, reason, review, revision) = (record.state, record.reason, record.review, record.revision)
        (severity, department) = (record.severity, record.department)
        (lastSeen, closed, dwell) = (record.lastSeen, record.closed, record.dwell)
        pictures = record.pictures.count
        ended = record.isOpen ? nil : ended ?? now
    }
}
