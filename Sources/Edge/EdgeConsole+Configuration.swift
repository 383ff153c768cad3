import Analytics
import Console
import Domain
import Pipeline
import Runtime

/// The configuration as the console has it.
extension EdgeConsole {
    /// A reload waits for the disk and for cameras that leave, a few seconds in all.
    private static let patience = Duration.seconds(20)

    /// Nil where no file is read again.
    static func configuration(
        _ settings: DaemonSettings, _ parts: EdgeParts, _ desk: ReloadDesk, _ registry: CameraRegistry,
        _ stays: StayLogs?
    ) -> ConfigurationParts? {
        guard let path = settings.configurationFile else { return nil }
        let secrets = settings.secrets
        return ConfigurationParts(
            path: path, check: { try parts.named($0, settings) },
            apply: {
                guard let report = await desk.outcome(of: desk.wish(), within: patience) else { return .init(.unknown) }
                let reason = report.reason.map(secrets.redact)
                switch report.outcome {
                case .applied where report.failed.isEmpty: return .init(.applied)
                case .applied:
                    return .init(
                        .applied, reason: "could not start \(report.failed.joined(separator: ", ")): see the log")
                case .needsRestart: return .init(.needsRestart, needsRestart: report.needsRestart, reason: reason)
                case .refused: return .init(.refused, reason: reason)
                }
            },
            camera: { id in
                guard let service = registry.services.first(where: { $0.camera.id == id }) else { return nil }
                let settings = service.settings
                return ConfigurationParts.WatchedCamera(
                    name: settings.identity.name, area: settings.identity.place.area.digits,
                    zones: settings.zones.map { .init(zone: $0.zone, rules: $0.rules, preset: $0.preset) },
                    minimumScore: settings.minimumScore, histories: stays?.histories(of: id) ?? [:],
                    offset: service.meter.reading.viewOffset)
            })
    }
}
