import Analytics
import Domain
import Inference
import TestSupport
import Testing
import Video

/// On real streets: the ground of a camera comes back for its own view, in other light too, and for no other camera's.
@Suite(.enabled(if: Footage.isPresent, "needs ../shared/footage"), .heavy(minutes: 5))
struct GroundRestorationTests {
    private static let zone = Polygon([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map { Point(x: $0.0, y: $0.1) })

    private func scene(_ planes: Planes, at seconds: Double) throws -> Scene {
        var small = SmallPicture(isColoured: true)
        let frame = try planes.frame(at: seconds)
        let (picture, chroma) = try small.picture(of: frame)
        return Scene(time: frame.time, date: frame.date, detections: [], picture: picture, chroma: chroma)
    }

    @Test func `a ground comes back for its own view only`() throws {
        let sceneries = try Scenery.quiet.map { try Scenery($0) }
        for scenery in sceneries {
            var watcher = LeftObjectDetector(zones: [Self.zone])
            for look in 0..<8 {
                _ = watcher.update(with: try scene(scenery.look(look), at: Double(look) * 2), stationary: [], ended: [])
            }
            let kept = try #require(watcher.checkpoint(at: MediaTime(14)))
            for other in sceneries {
                for light in [1, 0.6] {
                    var planes = other.look(other.looks.count - 1)
                    planes.values[0] = planes.values[0].map { UInt8(Double($0) * light) }
                    var second = LeftObjectDetector(zones: [Self.zone], restored: kept)
                    _ = second.update(with: try scene(planes, at: 60), stationary: [], ended: [])
                    let isOwn = other.name == scenery.name
                    #expect(
                        second.restoration == (isOwn ? .taken : .refused(.otherView)),
                        "\(other.name) in light \(light) on the ground of \(scenery.name)")
                }
            }
        }
    }
}
