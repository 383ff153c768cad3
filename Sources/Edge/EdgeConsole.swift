import Console
import Contract
import Delivery
import Domain
import Evidence
import Foundation
import Hashing
import Inference
import Logging
import Runtime
import ServiceLifecycle
import Store

/// The console of a site, made of its parts.
enum EdgeConsole {
    /// The server, and what keeps figures for it; none where the configuration names no address for it.
    ///
    /// - Parameter desk: nil where the configuration is not read again.
    static func services(
        _ settings: DaemonSettings, _ edge: EdgeParts, _ state: EdgeState, _ messages: EdgeMessages,
        _ cameras: EdgeCameras, _ answers: EdgeAnswers, desk: ReloadDesk?, registry: CameraRegistry, news: CameraNews,
        detector: ObjectDetector, reviewMailbox: ReviewMailbox, logger: Logger
    ) -> [any Service] {
        guard let console = settings.console else { return [] }
        let stills = StillDesk(maker: state.archive?.maker, detector: detector, registry: registry)
        let coverage = CoverageKeeper(
            outbox: state.outbox,
            samples: {
                registry.services.map { service in
                    let reading = service.meter.reading
                    return .init(camera: service.camera.id, state: reading.state, blind: reading.blind)
                }
            }, logger: logger)
        let (outbox, topics, examples, folder) = (
            state.outbox, settings.topics, state.examples, settings.evidenceFolder
        )
        let status = answers.status
        var parts = ConsoleParts(
            outbox: outbox, site: state.site, catalogue: state.catalogue, health: { ConsoleHealth.rows(try status()) },
            cameras: cameraParts(settings.site, cameras, registry, news, stills, coverage, status),
            review: { request, topic, address in
                let reviewed = try review(request, topic, address, outbox, topics)
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
        parts.configuration = desk.flatMap { configuration(settings, edge, $0, registry, cameras.stays) }
        parts.commissioning = desk.map {
            EdgeCommissioning.parts(settings, state, detector: detector, registry: registry, desk: $0)
        }
        parts.status = { String(decoding: try status().json(), as: UTF8.self) + "\n" }
        parts.metrics = { (PrometheusText.mediaType, PrometheusText(try status()).text) }
        return [coverage, ConsoleServer(console, parts, logger: logger)]
    }

    private static func cameraParts(
        _ site: SiteIdentity, _ cameras: EdgeCameras, _ registry: CameraRegistry, _ news: CameraNews,
        _ stills: StillDesk, _ coverage: CoverageKeeper, _ status: @escaping @Sendable () throws -> SiteStatus
    ) -> CameraParts {
        let (writer, shed) = (cameras.writer, cameras.shedding.shed)
        return CameraParts(
            rows: {
                let open = Dictionary(try status().cameras.map { ($0.id, $0.openIncidents) }) { first, _ in first }
                var calendar = Calendar(identifier: .iso8601)
                calendar.timeZone = site.timeZone
                return ConsoleCameras.rows(
                    registry.configured, registry.services, open: open,
                    blind: try coverage.blind(since: calendar.startOfDay(for: Date())), shed: Set(shed.value),
                    catalogue: writer.catalogue)
            }, still: { await stills.still(of: $0) }, history: { try coverage.history(quarters: $0) },
            observe: news.observe)
    }

    /// The same transaction as for a review by MQTT; the page has its answer at once, so that none goes by MQTT.
    private static func review(
        _ request: [UInt8], _ topic: String, _ address: String, _ outbox: Outbox, _ topics: AlertTopics
    ) throws -> Outbox.Reviewed {
        let review = try Review(InboundFields(request, known: Review.keys))
        guard let place = topics.place(of: topic) else {
            throw Rejection(.unknownIncident, "this site holds no such incident")
        }
        return try outbox.apply(
            review, digest: try SHA256.hex(request), place: place, replyTopic: "", topics: topics, from: address,
            at: Date()
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
