import Analytics
import Domain
import Foundation
import TestSupport
import Testing

/// Weather and light over real streets: neither garbage nor a stall.
@Suite(
    .enabled(if: Prepared.isReady, "needs 'make models' and ../shared/footage"), .heavy(minutes: 15))
struct LightTests {
    /// A street is decoded once for all lights: that takes longer than a light.
    @Test(arguments: Scenery.quiet) func `light and weather open nothing`(street: String) async throws {
        let detector = try Prepared.detector()
        let rules: ZoneRules = [
            .exposedGarbage: LeftObjectSettings(dwell: 10), .roadVending: VendingSettings(dwell: 10),
            .burning: SmokeSettings(dwell: 10),
        ]
        let scenery = try Scenery(street)
        var smoke: [String] = []
        for light in Light.allCases {
            let alerts = try await scenery.watch(seconds: 46, rules: rules, detector: detector, light.change)
            smoke += alerts.filter { $0.kind == .burning }.map { _ in "\(light)" }
            #expect(
                alerts.filter { $0.kind != .burning }.map { "\($0.kind) \($0.object.box)" } == [],
                "\(light) over \(street)")
        }
        // Smoke is experimental: its figure is told, no bar is set.
        print("smoke over \(street): \(smoke.count) alerts in \(Light.allCases.count) lights \(smoke)")
    }
}
