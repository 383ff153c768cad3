import Analytics
import Contract
import Domain
import Foundation
import Logging
import Pipeline
import Store

/// Incidents that no camera watches any more after a start or a reload: the camera, the zone or the rule was removed or
/// renamed, or now belongs to another area, whose subscribers do not know the incident.
struct OrphanedIncidents: Sendable {
    let outbox: Outbox
    let topics: AlertTopics
    let logger: Logger

    /// Closes open incidents that none of these cameras watches, and lifts suppressions there. Waits for the disk.
    ///
    /// - Parameter configurationSHA256: of the configuration that no longer watches them.
    func close(by cameras: [CameraService.Settings], naming configurationSHA256: String) {
        let watched = Dictionary(
            cameras.map { ($0.identity.id, $0) }, uniquingKeysWith: { first, _ in first })
        let clocks = HostClocks.now
        do {
            let silent = try outbox.suppressedIncidents().filter { try !isWatched($0, watched) }
            if !silent.isEmpty { try outbox.unsuppress(silent.map(\.id)) }
            let open = try outbox.openIncidents().filter { try !isWatched($0, watched) }
            for incident in open {
                let time = try outbox.moment(camera: incident.camera)?.time(on: clocks) ?? MediaTime(clocks.date)
                try outbox.close(
                    orphan: incident.lost(at: time), at: Date(timeIntervalSince1970: clocks.date),
                    configurationSHA256: configurationSHA256)
                logger.notice(
                    "an open incident that nobody watches any more is closed",
                    metadata: [
                        "incident": "\(incident.id)", "kind": "\(incident.kind)", "camera": "\(incident.camera)",
                        "zone": "\(incident.zone)",
                    ])
            }
            for camera in Set((silent + open).map(\.camera)) where watched[camera] == nil {
                try begin(anew: camera)
            }
        } catch {
            logger.error(
                "could not close what is no longer watched, the next start or reload tries again",
                metadata: ["error": "\(error)"])
        }
    }

    /// If the camera is added again, it starts without its state.
    func forget(camera: String) {
        do { try begin(anew: camera) } catch {
            logger.warning("could not forget a camera", metadata: ["error": "\(error)", "camera": "\(camera)"])
        }
    }

    private func isWatched(_ incident: Incident, _ watched: [String: CameraService.Settings]) throws -> Bool {
        guard let camera = watched[incident.camera],
            let zone = camera.zones.first(where: { $0.zone.id == incident.zone }),
            zone.rules.kinds.contains(incident.kind)
        else { return false }
        let topic = topics.open(camera.identity.place, incident.kind, incident: incident.id)
        return try outbox.openTopic(of: incident.id) ?? topic == topic
    }

    private func begin(anew camera: String) throws {
        let clocks = HostClocks.now
        let time = try outbox.moment(camera: camera)?.time(on: clocks) ?? MediaTime(clocks.date)
        try outbox.save(watch: nil, at: MomentOfRecord(time, on: clocks), camera: camera)
    }
}

extension Incident {
    /// The incident, closed because it is no longer watched.
    fileprivate func lost(at time: MediaTime) -> Incident {
        var incident = self
        incident.state = .closed
        incident.closeReason = .cameraLost
        incident.closed = max(time, lastSeen)
        incident.revision += 1
        incident.why.append(
            .init(at: time, what: "no longer watched: taken out of the configuration", zh: "不再观测：已从配置中去掉"))
        return incident
    }
}
