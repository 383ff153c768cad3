import Analytics
import Domain
import Foundation
import TestSupport
import Testing

/// Weather and light over real streets: neither garbage nor a stall.
@Suite(
    .enabled(if: Prepared.isReady, "needs 'make models' and ../shared/footage"), .heavy(minutes: 15))
struct LightTests {
    @Test(
        arguments: Light.allCases)
    func `light and weather open nothing`(light: Light) async throws {
        let detector = try Prepared.detector()
        let rules: ZoneRules = [
            .exposedGarbage: LeftObjectSettings(dwell: 10), .roadVending: VendingSettings(dwell: 10),
            .burning: SmokeSettings(dwell: 10),
        ]
        var smoke = 0
        for name in Scenery.quiet {
            let alerts = try await Scenery(name).watch(
                seconds: 46, rules: rules, detector: detector, light.change)
            smoke += alerts.count { $0.kind == .burning }
            #expect(
                alerts.filter { $0.kind != .burning }.map { "\($0.kind) \($0.object.box)" } == [],
                "\(light) over \(name)")
        }
        // Smoke is experimental: its figure is told, no bar is set.
        print("smoke under \(light): \(smoke) alerts over \(Scenery.quiet.count) streets")
    }
}
