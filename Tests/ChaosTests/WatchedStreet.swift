import Foundation
import TestSupport
import Testing

/// The installed program on a stream of `parking.mp4`, in a folder of its own.
enum WatchedStreet {
    static let models = Footage.packageRoot.appending(path: "models/prepared").path
    /// Where a skip counts as a fault the tests run, and say what is missing.
    static let isReady =
        Campaign.isStrict || Footage.isPresent && FileManager.default.fileExists(atPath: models + "/manifest.json")
    /// Seconds after its start at which the sedan comes to rest in `shortStay`, and at which it is gone.
    static let (arrival, departure) = (5.0, 48.0)

    /// The sedan stands from 29 s to 104 s of the clip; here the middle of its stay is cut out.
    static func shortStay(in folder: TemporaryFolder) throws -> String {
        let clip = try #require(Footage.clip("composed/parking.mp4"))
        return try Footage.join(
            [(24.0, 36.0), (92, 50)].map {
                try Footage.cut(clip, in: folder, from: $0.0, seconds: $0.1, size: (640, 360))
            }, in: folder)
    }

    /// Returns the path of the configuration.
    static func configuration(
        _ folder: TemporaryFolder, broker: Int, camera: String, rule: String,
        polygon: String = "[[0.1875, 0.4583], [0.6875, 0.3667], [0.75, 0.5694], [0.2969, 0.6333]]"
    ) throws -> String {
        let file = folder.file("gridwarden.yaml")
        try """
        site:
          id: chaos
          area: "320583102201"
          state_directory: \(folder.file("state").path)
          models_directory: \(models)
        broker:
          host: 127.0.0.1
          port: \(broker)
        evidence:
          directory: \(folder.file("evidence").path)
        cameras:
          - id: cam-01
            url: \(camera)
            purpose: test
            signage_confirmed: true
            zones:
              - id: np1
                polygon: \(polygon)
                rules:
                  \(rule)
        """.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    /// The server lets a stream go with its last client, and would begin the clip anew after each kill.
    static func viewer(of server: RTSPServer, _ folder: TemporaryFolder) throws -> ChildProcess {
        try ChildProcess(
            URL(filePath: "/usr/bin/ffmpeg"),
            ["-nostdin", "-v", "error", "-rtsp_transport", "tcp", "-i", server.url, "-c", "copy", "-f", "null", "-"],
            log: folder.file("viewer"))
    }
}
