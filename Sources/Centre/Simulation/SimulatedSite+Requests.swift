import Contract
import Domain
import Foundation
import MQTT

/// What a simulated site is asked, and what it says of itself.
extension SimulatedSite {
    /// Takes a review or a command, as a real site does: by its schema, once, and with an answer.
    func take(_ message: MQTTMessage) {
        guard !message.payload.isEmpty, !message.retain, topics.place(of: message.topic) != nil else { return }
        let `class`: Reply.Class = topics.isChannel(.review, message.topic) ? .review : .command
        let loose = try? InboundFields(message.payload, known: nil)
        let id = (try? loose?.text("id")) ?? nil
        let topic = topics.topic(message.topic, as: .reply)
        if let id, let known = answered[id] { return publish(MQTTMessage(topic: topic, payload: known)) }
        var reply: Reply
        var replayed: [Int64] = []
        do throws(Rejection) {
            switch `class` {
            case .review:
                reply = try review(Review(InboundFields(message.payload, known: Review.keys)))
            case .command:
                (reply, replayed) = try command(Command(InboundFields(message.payload, known: Command.keys)))
            }
            requests += 1
        } catch {
            reply = Reply(`class`, .refused, site: site, at: now)
            (reply.reason, reply.text) = (error.reason, error.text)
        }
        reply.request = id
        let json = WireJSON.bytes(reply)
        if let id { answered[id] = json }
        publish(MQTTMessage(topic: topic, payload: json))
        for sequence in replayed { replay(sequence) }
    }

    private func review(_ review: Review) throws(Rejection) -> Reply {
        let id = review.incident.text
        guard let number = numbers[id] else { throw Rejection(.unknownIncident, "there is no incident \(id)") }
        var reply = Reply(.review, .done, site: site, at: now)
        (reply.incident, reply.verdict) = (id, review.verdict.rawValue)
        guard let item = standing[number] else {
            // Over, as far as the script goes.
            reply.repeated = true
            return reply
        }
        guard let reviewed = item.incident.reviewed(review.verdict) else {
            reply.repeated = true
            return reply
        }
        do { try change(number) { $0 = reviewed } } catch {
            throw Rejection(.unavailable, "\(error)")
        }
        (reply.state, reply.revision) = (reviewed.state.rawValue, reviewed.revision)
        if !reviewed.isOpen { standing[number] = nil }
        return reply
    }

    private func command(_ command: Command) throws(Rejection) -> (Reply, [Int64]) {
        guard command.expires >= now else { throw Rejection(.expired, "it expired before it came") }
        guard command.expires.timeIntervalSince(now) <= Command.longestExpiry else {
            throw Rejection(.malformed, "expires must be at most \(Int(Command.longestExpiry)) s ahead")
        }
        let box = outboxes.count - 1
        var reply = Reply(.command, .done, site: site, at: now)
        (reply.epoch, reply.lastSequence) = (outboxes[box].epoch, outboxes[box].last)
        switch command.action {
        case .ping:
            reply.command = "ping"
            reply.software = site.software
            outboxes[box].tell()
            return (reply, [])
        case .replay(let span, let epoch):
            guard epoch == nil || epoch == outboxes[box].epoch else {
                throw Rejection(.otherEpoch, "the site's store is of epoch \(outboxes[box].epoch)")
            }
            reply.command = "replay"
            let (held, missing) = outboxes[box].replay(span)
            reply.messages = held.count
            reply.missing = missing.prefix(100).map { [$0.lowerBound, $0.upperBound] }
            outboxes[box].tell()
            return (reply, held)
        case .snapshot: throw Rejection(.unavailable, "this site takes no pictures on request")
        }
    }

    /// Sends a message again, marked; the same id, time and sequence.
    private func replay(_ sequence: Int64) {
        let entry = outboxes[outboxes.count - 1].entries[Int(sequence) - 1]
        guard let payload = unpacked(entry), let id = UUID(uuidString: entry.id),
            let incident = UUID(uuidString: entry.incident),
            let again = try? AlertMessage(
                sequence: sequence, id: id, subject: incident, topic: entry.topic, openTopic: entry.openTopic,
                isOpen: entry.isOpen, payload: payload
            ).backfilled()
        else { return }
        publish(MQTTMessage(topic: entry.topic, payload: again))
    }

    // MARK: States

    func report() {
        let box = outboxes.count - 1
        let outbox = outboxes[box]
        let facts = SiteReport.Facts(
            epoch: outbox.epoch,
            counts: OutboxCounts(
                undelivered: outbox.undelivered, delivered: 0, bytes: 0, openIncidents: standing.count,
                lastSequence: outbox.last), dropped: outbox.dropped, evicted: EvictedEvidence(incidents: 0, bytes: 0),
            tallies: [], audit: .init(entries: 0, hash: ""), damaged: [], sinks: [])
        let message = MQTTMessage(
            topic: topics.site(site.place, id: site.id),
            payload: WireJSON.bytes(SiteReport(site, .online, at: now, facts: facts)), retain: true)
        guard let client = connected, let receipt = try? client.send(message) else { return }
        Task {
            guard (try? await receipt.acknowledged()) != nil else { return }
            self.told(outbox.last, box)
        }
    }

    /// Somebody may know now how far it has come.
    private func told(_ last: Int64, _ box: Int) { outboxes[box].tell(upTo: last) }

    func report(_ camera: Int) {
        let state = cameraStates[camera] ?? .online
        var report = CameraReport(
            camera: cameras[camera], site: site, state: state, at: now, looksPerSecond: 0.5, blindSeconds: 0)
        if state != .online { (report.fault, report.reason) = ("covered", "simulated") }
        publish(
            MQTTMessage(
                topic: topics.camera(cameras[camera].place, id: cameras[camera].id), payload: WireJSON.bytes(report),
                retain: true))
    }

    // MARK: Truth

    var truth: Truth.Site {
        var newest: [String: SimulatedOutbox.Entry] = [:]
        var unsure: [String: [Truth.Version]] = [:]
        for (box, outbox) in outboxes.enumerated() {
            let lost = outbox.lost(isCurrent: box == outboxes.count - 1)
            for (index, entry) in outbox.entries.enumerated() {
                if lost.contains(where: { $0.contains(Int64(index) + 1) }) {
                    unsure[entry.incident, default: []].append(
                        .init(revision: entry.revision, state: entry.state, review: entry.review))
                } else if newest[entry.incident].map({ $0.revision < entry.revision }) ?? true {
                    newest[entry.incident] = entry
                }
            }
        }
        return Truth.Site(
            id: site.id, area: site.place.area.digits, clock: script.clock,
            epochs: outboxes.enumerated().map { box, outbox in
                let isCurrent = box == outboxes.count - 1
                return Truth.Epoch(
                    epoch: outbox.epoch, ids: outbox.entries.map(\.id),
                    lost: outbox.lost(isCurrent: isCurrent).map { [$0.lowerBound, $0.upperBound] },
                    heard: outbox.heard, isCurrent: isCurrent)
            },
            incidents: newest.values.sorted { $0.incident < $1.incident }.map { entry in
                Truth.Incident(
                    id: entry.incident, revision: entry.revision, state: entry.state, review: entry.review,
                    kind: details[entry.incident]?.kind ?? "", twin: details[entry.incident]?.twin,
                    unsure: (unsure[entry.incident] ?? []).filter { $0.revision > entry.revision })
            }, troubles: troubles, requests: requests)
    }
}
