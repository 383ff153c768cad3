import Domain
package import Inference
package import MQTT
import Pipeline
package import SiteConfiguration
package import Video

/// The external parts of a site: networks, cameras, a broker. Replaceable in tests.
package struct EdgeParts: Sendable {
    /// The engines for the networks of the detector and of the masks.
    package var engines = InferenceEngines.standard
    /// The heads for the detector's outputs.
    package var heads = DetectorHeads.standard
    /// Creates the source of a camera's pictures.
    package var camera: @Sendable (CameraService.Settings) -> any CameraSource = {
        Camera(id: $0.identity.id, settings: $0.stream, holdsPlaces: true)
    }
    /// Opens a camera's main stream, for one picture.
    package var detail: @Sendable (Camera.Settings) -> any DetailSource = { DetailStream(settings: $0) }
    /// Creates the connection to the broker.
    package var broker: @Sendable (MQTTSettings) -> any BrokerClient = { MQTTClient($0) }

    /// Checks what a configuration names that somebody is about to write; throws `ConfigurationFaults` or another error.
    package var named: @Sendable (Configuration, DaemonSettings) throws -> Void = { configuration, running in
        _ = try DaemonSettings(
            configuration, file: running.configurationFile ?? "the configuration", software: running.site.software,
            secrets: running.secrets)
    }

    package init() {}

    /// Throws where the model cannot be loaded.
    func detector(_ settings: DaemonSettings) throws -> ObjectDetector {
        let models = settings.models
        return try ObjectDetector(
            models: models, threads: settings.threads, workers: ObjectDetector.workers(threads: settings.threads),
            engines: engines, heads: heads,
            loading: settings.cameras.contains { $0.zones.areForVehicles } ? models.vehicles : models.all)
    }
}
