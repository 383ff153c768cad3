import Delivery
import Domain
import Foundation
import Logging
import MQTT
import Runtime
import ServiceLifecycle
import Store
import Synchronization

/// The daemon's local interfaces: status and metrics, and over the socket in the state folder also reloads.
struct EdgeAnswers: Sendable {
    /// On the socket in the state folder.
    let server: StatusServer
    /// On the network address, which gives read access to the status only.
    let metrics: MetricsListener
    /// The status as it is now. Blocks, and throws where the store does not answer.
    let status: @Sendable () throws -> SiteStatus

    /// - Parameter reloading: nil where the configuration is not read again.
    init(
        _ settings: DaemonSettings, _ state: EdgeState, _ messages: EdgeMessages, _ cameras: EdgeCameras,
        registry: CameraRegistry, reloading: (desk: ReloadDesk, read: @Sendable () throws -> DaemonSettings)?,
        logger: Logger
    ) {
        let reader = StandingReader { try state.outbox.standing() }
        let (publisher, secrets) = (messages.publisher, settings.secrets)
        let status: @Sendable () throws -> SiteStatus = {
            let (standing, age) = try reader.standing()
            return SiteStatus(
                site: settings.site, cameras: registry.services, standing: standing, age: age,
                isConnected: publisher.client.isConnected, broker: publisher.link, blocked: publisher.blocked,
                withheld: cameras.writer.withheld.load(ordering: .relaxed), archive: state.archive,
                writer: cameras.writer, sinks: messages.board,
                shedding: state.shed.value.map(\.rawValue), secrets: secrets)
        }
        let respond: @Sendable (String) -> StatusServer.Response? = { Self.response($0, secrets, status) }
        let accounts: @Sendable (String) -> StatusServer.Response? = { EdgeConsole.accounts($0, settings, state) }
        let file = LocalSocket.file(settings.stateFolder.appending(path: StatusClient.socketName).path)
        if let reloading {
            let (desk, read) = reloading
            server = StatusServer(
                file, logger: logger, respond: { desk.response($0, secrets, read) ?? respond($0) }, take: desk.take,
                change: accounts)
        } else {
            server = StatusServer(file, logger: logger, respond: respond, change: accounts)
        }
        metrics = MetricsListener(settings.metricsSocket) { StatusServer($0, logger: logger, respond: respond) }
        self.status = status
    }

    private static func response(
        _ path: String, _ secrets: KnownSecrets, _ status: () throws -> SiteStatus
    ) -> StatusServer.Response? {
        do {
            switch path {
            case "/status":
                return .init(
                    mediaType: "application/json", body: String(decoding: try status().json(), as: UTF8.self) + "\n")
            case "/metrics":
                return .init(mediaType: PrometheusText.mediaType, body: PrometheusText(try status()).text)
            default: return nil
            }
        } catch {
            return .init(status: "503 Service Unavailable", body: secrets.redact("\(error)") + "\n")
        }
    }
}
