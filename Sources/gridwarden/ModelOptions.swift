import ArgumentParser
import Foundation
import Inference
import SiteConfiguration

/// Where the models are and which one detects.
struct ModelOptions: ParsableArguments {
    @Option(name: .customLong("models"), help: "Folder of the prepared models.") var folder: String?
    @Option(help: "Name of the detection model.") var model = DetectorSettings().model
    @Option(help: "Threads of the detector.") var threads = 1

    /// A checkout's own folder, else the package's.
    var path: String {
        folder ?? ["models/prepared", "/usr/share/gridwarden/models"].first {
            FileManager.default.fileExists(atPath: $0 + "/manifest.json")
        } ?? "models/prepared"
    }

    func detector() async throws -> ObjectDetector {
        let model = try ModelManifest.load(folder: path).detection(model, in: path)
        return try ObjectDetector(model: model, threads: threads)
    }
}
