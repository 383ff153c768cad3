import Foundation
import TestSupport

/// The lane of the composed clips, as a real daemon's configuration has it.
enum WatchedLane {
    static let models = Footage.packageRoot.appending(path: "models/prepared").path
    static let isReady = Footage.isPresent && FileManager.default.fileExists(atPath: models + "/manifest.json")

    /// One entry of `cameras`.
    ///
    /// - Parameters:
    ///   - more: further keys of the camera, each a line.
    ///   - zones: their ids and names; all of them are the lane.
    ///   - dwell: in seconds.
    static func camera(
        _ id: String, _ url: String, _ more: String..., zones: [(id: String, name: String)] = [("np1", "Lane")],
        dwell: Double = 5
    ) -> String {
        let head = ["  - id: \(id)", "    url: \(url)", "    purpose: test", "    signage_confirmed: true"]
        let body = zones.flatMap { zone in
            [
                "      - id: \(zone.id)", "        name: \(zone.name)",
                "        polygon: [[0.1875, 0.4583], [0.6875, 0.3667], [0.75, 0.5694], [0.2969, 0.6333]]",
                "        rules: {parking.motor: {dwell: \(dwell)}}",
            ]
        }
        return (head + more.map { "    \($0)" } + ["    zones:"] + body).map { $0 + "\n" }.joined()
    }
}
