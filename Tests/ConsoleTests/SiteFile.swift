import Analytics
import Domain
import Foundation
import SiteConfiguration
import Synchronization
import TestSupport

@testable import Console

/// A configuration file in a folder of its own, with a camera whose last hour a test tells.
final class SiteFile: Sendable {
    static let text = """
        site:
          id: edge-01
          area: "320583102201"
        broker:
          host: localhost
        cameras:
          # the gate
          - id: cam-01
            name: Gate
            url: rtsp://admin:s3cret-word@10.0.0.1/a
            purpose: parking
            signage_confirmed: true
            zones:
              - id: np1          # hatched
                name: Hatched area
                polygon: [[0.10, 0.40], [0.50, 0.40], [0.50, 0.90], [0.10, 0.90]]
                rules:
                  parking.motor:
                    dwell: 300   # five minutes

        """

    let folder: TemporaryFolder
    let path: String
    let log = StayLog()
    private let applied = Mutex(0)

    init(_ text: String = SiteFile.text) throws {
        folder = try TemporaryFolder()
        path = folder.file("gridwarden.yaml").path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    var now: String { get throws { try String(contentsOfFile: path, encoding: .utf8) } }
    func write(_ text: String) throws { try text.write(toFile: path, atomically: true, encoding: .utf8) }
    /// How often the daemon was to take the file over.
    var timesApplied: Int { applied.withLock(\.self) }

    /// - Parameter offset: by which the camera's view has shifted.
    func parts(offset: Point? = nil, area: String = "320583102201") -> ConfigurationParts {
        ConfigurationParts(
            path: path, check: { _ in },
            apply: { [self] in
                applied.withLock { $0 += 1 }
                return .init(.applied)
            },
            camera: { [self] id in
                guard id == "cam-01", let configuration = try? Configuration.load(path: path),
                    let camera = configuration.cameras.first(where: { $0.id == id })
                else { return nil }
                return ConfigurationParts.WatchedCamera(
                    name: camera.name, area: area,
                    zones: camera.zones.map { .init(zone: $0.zone, rules: $0.rules, preset: $0.preset) },
                    minimumScore: 0.35, histories: [nil: log.history], offset: offset)
            })
    }

    /// A car has stood there for so long, up to `now`.
    func park(_ box: Box, for seconds: Double, until now: Date) {
        var tracker = StationaryObjectTracker()
        let street = Street()
        for time in stride(from: 0, through: seconds + 20, by: 2.0) {
            let things = time < 20 ? [] : [Street.Thing(.car, box)]
            let drawn = street.scene(at: time, things)
            let scene = Scene(
                time: drawn.time, date: now.addingTimeInterval(time - seconds - 20), detections: drawn.detections,
                picture: drawn.picture)
            let ended = tracker.update(with: scene)
            log.note(Observation(scene: scene, stationary: tracker.stationary, ended: ended))
        }
    }
}
