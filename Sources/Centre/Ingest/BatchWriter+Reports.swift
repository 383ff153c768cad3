import Contract
import Domain
import Foundation
import MQTT
import Store

/// What sites say of themselves, of their cameras, and in answer.
extension BatchWriter {
    mutating func take(_ report: SiteReport, _ incoming: Incoming) {
        let received = incoming.received
        // A last will names no epoch.
        let number =
            report.epoch == nil
            ? streams.current(report.site)
                ?? streams.stream(report.site, epoch: "", area: incoming.area, place: incoming.place, at: now)
            : streams.stream(
                report.site, epoch: report.epoch ?? "", area: incoming.area, place: incoming.place, at: now)
        guard var stream = streams[number] else { return }
        let date = Date(timeIntervalSince1970: received.at)
        if let change = watch.take(report, isRetained: received.message.retain, at: date) {
            stream.row.state = change.standing.rawValue
            stream.row.stateAt = received.at
        } else {
            stream.row.state = stream.row.state ?? report.state.rawValue
        }
        stream.row.seen = now
        (stream.row.area, stream.row.place) = (incoming.area, incoming.place)
        stream.row.software = report.software
        if !received.message.retain, let at = report.at.flatMap(RFC3339.date) {
            stream.row.clock = at.timeIntervalSince1970 - received.at
        }
        if let last = report.lastSequence { tell(last, &stream) }
        for span in report.dropped?.sequences ?? [] where span.count == 2 && span[0] >= 1 && span[0] <= span[1] {
            guard stream.book.tell(span[1], at: now) else { continue }
            _ = stream.book.lose(span[0]...span[1])
        }
        streams[number] = stream
    }

    private func tell(_ last: Int64, _ stream: inout SiteStream) {
        guard stream.book.tell(last, at: now) else { return }
        stream.row.told = max(stream.row.told, last)
    }

    mutating func take(_ report: CameraReport, _ incoming: Incoming) throws {
        try db.post(
            """
            INSERT INTO camera (site, id, area12, grid, microgrid, state, fault, since, zones_resting, blind_seconds, at) \
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (site, id) DO UPDATE SET area12 = excluded.area12, \
            grid = excluded.grid, microgrid = excluded.microgrid, state = excluded.state, fault = excluded.fault, \
            since = excluded.since, zones_resting = excluded.zones_resting, blind_seconds = excluded.blind_seconds, \
            at = excluded.at
            """,
            [
                .text(report.site), .text(report.camera), .text(incoming.area), .text(incoming.grid),
                .text(incoming.microgrid), .text(report.state.rawValue), .maybe(report.fault), .maybe(report.since),
                .flag(report.zonesResting), .maybe(report.blindSeconds), .real(incoming.received.at),
            ])
    }

    mutating func take(_ reply: Reply, _ incoming: Incoming) throws {
        if let epoch = reply.epoch, let last = reply.lastSequence, reply.status == .done {
            let number = streams.stream(
                reply.site, epoch: epoch, area: incoming.area, place: incoming.place, at: now)
            if var stream = streams[number] {
                tell(last, &stream)
                stream.row.seen = now
                streams[number] = stream
            }
        }
        if let request = reply.request, let stream = replay(request, at: reply.site) {
            return take(reply, replaying: stream)
        }
        guard let request = try RequestRow.answered(reply, db, at: now), reply.status == .refused,
            let id = request.caseID, let item = try CaseRow.find(id, db)
        else { return }
        // What people wanted did not come about: the history says it.
        let step = CaseStep(
            request: "reply \(reply.id)", action: .note, actor: book.rules.name, role: .centre,
            note: "\(reply.site) refused \(request.class): \(reply.reason?.rawValue ?? "") \(reply.text ?? "")")
        _ = try book.take(step, case: item.id)
    }

    /// A step of a department: one that does not fit is refused, and changes nothing.
    mutating func take(_ answer: CaseAnswer, _ incoming: Incoming) throws {
        let told = try db.row(
            "SELECT id FROM delivery WHERE case_id = ? AND topic = ? LIMIT 1",
            [.text(answer.path.caseID), .text(answer.path.told)])
        guard told != nil else {
            return refusals.add(.init(incoming.received, .mismatch, "no case was sent to \(answer.path.told)"))
        }
        do { _ = try book.take(answer.step, case: answer.path.caseID) } catch let refusal as CaseRefusal {
            refusals.add(.init(incoming.received, .step, "\(refusal)"))
        }
    }

    /// The stream of a replay that is under way.
    private func replay(_ request: String, at site: String) -> SiteStream? {
        streams.of(site).first { $0.plan.underWay?.id == request }
    }

    private mutating func take(_ reply: Reply, replaying asked: SiteStream) {
        var stream = asked
        guard let span = stream.plan.underWay?.span else { return }
        switch (reply.status, reply.reason) {
        case (.done, _):
            for gone in reply.missing ?? [] where gone.count == 2 && gone[0] >= 1 && gone[0] <= gone[1] {
                let gone = gone[0]...gone[1]
                if gone.overlaps(span) { _ = stream.book.lose(gone.clamped(to: span)) }
            }
        case (.refused, .otherEpoch?):
            // The store that held them is gone, and all that is missing of it.
            for hole in stream.book.holes { _ = stream.book.lose(hole.span) }
            stream.plan.refused(at: now, wait: 0)
        case (.refused, .busy?), (.refused, .unavailable?): stream.plan.refused(at: now, wait: 60)
        default: stream.plan.refused(at: now, wait: 3600)
        }
        streams[stream.row.stream] = stream
    }
}
