import Domain
package import Inference
package import MQTT
import Video

/// What a site has to do with the world outside of its folders: networks, cameras, a broker. A test brings its own.
package struct EdgeParts: Sendable {
    /// What runs the networks of the detector and of the masks.
    package var engines = InferenceEngines.standard
    /// What makes boxes of the detector's outputs.
    package var heads = DetectorHeads.standard
    /// Where the pictures of a camera come from.
    package var camera: @Sendable (CameraService.Settings) -> any CameraSource = {
        Camera(id: $0.identity.id, settings: $0.stream)
    }
    /// Who speaks with the broker.
    package var broker: @Sendable (MQTTSettings) -> any BrokerClient = { MQTTClient($0) }

    package init() {}

    /// Throws where the model cannot be had.
    func detector(_ settings: DaemonSettings) throws -> ObjectDetector {
        try ObjectDetector(model: settings.model, threads: settings.threads, engines: engines, heads: heads)
    }
}
