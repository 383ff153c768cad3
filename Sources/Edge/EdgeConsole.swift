import Console
import Contract
import Delivery
import Domain
import Evidence
import Foundation
import Hashing
import Logging
import Runtime
import Store

/// The console of a site, made of its parts.
enum EdgeConsole {
    /// Nil where the configuration names no address for it.
    static func server(
        _ settings: DaemonSettings, _ state: EdgeState, _ messages: EdgeMessages, _ answers: EdgeAnswers,
        reviewMailbox: ReviewMailbox, logger: Logger
    ) -> ConsoleServer? {
        guard let console = settings.console else { return nil }
        let (outbox, topics, examples, folder) = (
            state.outbox, settings.topics, state.examples, settings.evidenceFolder
        )
        let status = answers.status
        let parts = ConsoleParts(
            outbox: outbox, site: state.site, catalogue: state.catalogue, health: { ConsoleHealth.rows(try status()) },
            cameras: { ConsoleHealth.cameras(try status()) },
            review: { request, topic in
                let reviewed = try review(request, topic, outbox, topics)
                // As after a review that came by MQTT.
                if reviewed.message != nil {
                    messages.notify()
                    if !reviewed.incident.isOpen {
                        reviewMailbox.post(reviewed.incident.id, camera: reviewed.incident.camera)
                        examples?.consider(reviewed.incident)
                    }
                }
                return .init(
                    state: reviewed.incident.state.rawValue, review: reviewed.incident.review?.rawValue ?? "pending",
                    revision: reviewed.incident.revision, repeated: reviewed.message == nil)
            },
            picture: { file, sha256, bytes in
                folder.flatMap { EvidenceStore.picture(file, sha256: sha256, in: $0, atMost: bytes) }
            })
        return ConsoleServer(console, parts, logger: logger)
    }

    /// The same transaction as for a review by MQTT; the page has its answer at once, so that none goes by MQTT.
    private static func review(
        _ request: [UInt8], _ topic: String, _ outbox: Outbox, _ topics: AlertTopics
    ) throws -> Outbox.Reviewed {
        let review = try Review(InboundFields(request, known: Review.keys))
        guard let place = topics.place(of: topic) else {
            throw Rejection(.unknownIncident, "this site holds no such incident")
        }
        return try outbox.apply(
            review, digest: try SHA256.hex(request), place: place, replyTopic: "", topics: topics, at: Date()
        ) { _ in nil }
    }

    /// Accounts, over the socket in the state folder; nil for another path.
    static func accounts(
        _ path: String, _ settings: DaemonSettings, _ state: EdgeState
    ) -> StatusServer.Response? {
        guard path.hasPrefix("/console/") else { return nil }
        let answer: AccountDesk.Answer? =
            settings.console == nil
            ? .refusal("the console is off: set console.listen, and restart the service")
            : AccountDesk(state.outbox, site: state.site).answer(path)
        return answer.map {
            StatusServer.Response(
                mediaType: "application/json", body: String(decoding: WireJSON.bytes($0), as: UTF8.self) + "\n")
        }
    }
}
