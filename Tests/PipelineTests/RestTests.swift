import Analytics
import Domain
import PipelineSupport
import TestSupport
import Testing
import Video

@testable import Pipeline

/// For how long a camera need not be looked at.
@Suite(.heavy) struct RestTests {
    private static let car = Detection(
        objectClass: .car, score: 0.8, box: Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2))

    private static func zone(_ rules: ZoneRules, promise: Double? = nil) -> WatchedZone {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map { Point(x: $0.0, y: $0.1) }
        return WatchedZone(zone: Zone(id: "np1", name: "", polygon: Polygon(corners)), rules: rules, promise: promise)
    }

    private static let parking: ZoneRules = [.illegalParking: ParkingSettings(dwell: 300)]

    /// Ten seconds of looks at an empty street, after which its view is known.
    private func settled(_ zones: [WatchedZone]) async throws -> PipelineHarness {
        let harness = try PipelineHarness(zones)
        for step in 0..<12 { try await harness.look(at: Double(step) * 2) }
        return harness
    }

    @Test func `a quiet street rests a tenth of the dwell, ten seconds at most, and no longer than the zone promises`()
        async throws
    {
        #expect(try await settled([Self.zone(Self.parking)]).rest == Rest(promise: 10))
        let short: ZoneRules = [.illegalParking: ParkingSettings(dwell: 60), .fireLane: ParkingSettings(dwell: 300)]
        #expect(try await settled([Self.zone(Self.parking), Self.zone(short)]).rest == Rest(promise: 6))
        #expect(try await settled([Self.zone(Self.parking, promise: 4)]).rest == Rest(promise: 4))
    }

    @Test func `no camera rests before its view is known, nor one with a rule that needs every look`() async throws {
        let harness = try PipelineHarness([Self.zone(Self.parking)])
        try await harness.look(at: 0)
        #expect(harness.rest == Rest(promise: 10, welcomesMore: true), "but it can wait where there is no time")
        #expect(try await settled([Self.zone(Self.mixed)]).rest == nil)
    }

    @Test func `where a car stands the next look is wanted when its dwell is over, and often while that is decided`()
        async throws
    {
        let harness = try await settled([Self.zone(Self.parking)])
        harness.script.says([Self.car])
        for time in [24.0, 26] { try await harness.look(at: time, cars: [Self.car.box]) }
        let rest = try #require(harness.rest)
        let moment = try #require(rest.moment)
        #expect(rest.promise == 10 && abs(moment - 298) < 0.1, "\(rest)")
        for step in 1...29 { try await harness.look(at: 30 + Double(step) * 10, cars: [Self.car.box]) }
        let left = try #require(harness.rest?.moment)
        #expect(abs(left - 4) < 0.1)
    }

    @Test func `a car that may have left, and one that is hidden, are looked at as often as ever`() async throws {
        let harness = try await settled([Self.zone(Self.parking)])
        harness.script.says([Self.car])
        for time in [24.0, 26, 36] { try await harness.look(at: time, cars: [Self.car.box]) }
        #expect(harness.rest != nil)
        harness.script.says([])
        try await harness.look(at: 46)
        #expect(harness.rest == nil)
        for time in [48.0, 50] { try await harness.look(at: time) }
        #expect(harness.rest == Rest(promise: 10), "it has left")
    }

    private static let mixed: ZoneRules = [
        .illegalParking: ParkingSettings(dwell: 300), .exposedGarbage: LeftObjectSettings(dwell: 20),
    ]

    @Test func `without kinds that are shed a camera rests as the others allow, and takes more looks where it can`()
        async throws
    {
        let harness = try await settled([Self.zone(Self.mixed)])
        harness.shed = [.exposedGarbage]
        try await harness.look(at: 24)
        #expect(harness.rest == Rest(promise: 10, welcomesMore: true))
        harness.shed = [.exposedGarbage, .illegalParking]
        try await harness.look(at: 26)
        #expect(harness.rest == Rest(promise: LoadShedder.longestRest, welcomesMore: true))
        harness.shed = []
        try await harness.look(at: 28)
        #expect(harness.rest == nil)
    }

    @Test func `a picture in which nothing can be seen ends the rest`() async throws {
        let harness = try await settled([Self.zone(Self.parking)])
        try await harness.look(at: 32, isCovered: true)
        #expect(harness.rest == nil)
    }
}
