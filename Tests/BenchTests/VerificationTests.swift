import Analytics
import Domain
import Foundation
import Synchronization
import TestSupport
import Testing
import Video

@testable import Pipeline

@Suite(.enabled(if: Prepared.isReady, "needs 'make models' and ../shared/footage"), .heavy(minutes: 5))
struct VerificationTests {
    private struct Broken: Error {}

    /// The sedan of `parking.mp4` leaves after 104 s, while a thing lies there that the detector cannot look at.
    @Test func `a car that leaves is closed though each verification fails`() async throws {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map { Point(x: $0.0, y: $0.1) }
        let lane = [(0.1875, 0.4583), (0.6875, 0.3667), (0.75, 0.5694), (0.2969, 0.6333)]
        let zones = [
            WatchedZone(
                zone: Zone(id: "all", name: "", polygon: Polygon(corners), surface: .pavement),
                rules: [.exposedGarbage: LeftObjectSettings(dwell: 500)]),
            WatchedZone(
                zone: Zone(id: "np1", name: "", polygon: Polygon(lane.map { Point(x: $0.0, y: $0.1) })),
                rules: [.illegalParking: ParkingSettings(dwell: 20)]),
        ]
        var pipeline = CameraPipeline(
            zones: zones, detector: try Prepared.detector(), incidents: IncidentBook(camera: "c") { _ in UUID() },
            recorder: nil, hasTiles: false)
        let tried = Mutex(0)
        pipeline.enlarge = { _, _ in
            tried.withLock { $0 += 1 }
            throw Broken()
        }
        let path = try #require(Footage.clip("composed/parking.mp4"))
        var recording = try Recording(path: path, sampling: .every(seconds: 2))
        var (changes, faults, last) = ([Incident](), 0, 0.0)
        while let frame = try recording.next(), frame.time.seconds < 120 {
            last = frame.time.seconds
            var planes = try Planes(frame)
            if last > 60 {
                for y in 310..<340 {
                    for x in 500..<545 {
                        let pixel = y * planes.width + x
                        planes.values[0][pixel] = UInt8(30 + Street.noise(x / 5, y / 5, 3) % 60)
                        planes.values[1][pixel] = 160
                        planes.values[2][pixel] = 100
                    }
                }
            }
            // A failed look gives nothing, as in the service.
            guard let look = try? await pipeline.look(at: planes.frame(at: last)) else { continue }
            changes += look.changes.map(\.incident)
            faults += look.fault is Broken ? 1 : 0
        }
        #expect(tried.withLock { $0 } > 10 && faults == tried.withLock { $0 })
        let closed = changes.filter { $0.kind == .illegalParking && $0.state == .closed }
        #expect(closed.contains { (100...112).contains($0.closed?.seconds ?? 0) }, "\(closed)")
    }
}
