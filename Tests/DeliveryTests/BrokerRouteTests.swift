import Domain
import Testing

@testable import MQTT

struct BrokerRouteTests {
    private let start = ContinuousClock().now

    private func route(_ hosts: Int = 1, version: MQTTSettings.Version? = nil) -> BrokerRoute {
        var settings = MQTTSettings(host: "a", clientID: "c", version: version)
        settings.addresses = (0..<hosts).map { .init(host: "host\($0)", port: 1883) }
        return BrokerRoute(settings)
    }

    private func error(_ sign: MQTTError.Sign?, remedy: String? = nil) -> MQTTError {
        MQTTError(kind: .disconnected, operation: "connect", cause: "because", remedy: remedy, sign: sign)
    }

    @Test func `the next address is tried at once, and there is a wait after each round`() {
        var route = route(3)
        var hosts: [String] = []
        var waits: [Double] = []
        for _ in 0..<9 {
            hosts.append(route.next(at: start).address.host)
            waits.append(route.ended(error(nil), lived: nil, at: start).wait)
        }
        #expect(hosts == ["host0", "host1", "host2", "host0", "host1", "host2", "host0", "host1", "host2"])
        #expect(waits.map { $0 > 0 } == [false, false, true, false, false, true, false, false, true])
        #expect(waits[8] > waits[2])
    }

    @Test func `waits grow while the broker accepts us and breaks the connection, and begin anew after one that held`()
    {
        var route = route()
        var waits: [Double] = []
        for _ in 0..<10 {
            _ = route.next(at: start)
            route.accepted()
            waits.append(route.ended(error(.closed), lived: 1, at: start).wait)
        }
        #expect((15...30).contains(waits[9]))
        route.accepted()
        #expect(route.ended(error(.closed), lived: 31, at: start).wait <= 1)
    }

    @Test func `3 1 1 follows a refusal of 5 at once, and silence after a second try`() {
        var refused = route()
        #expect(refused.next(at: start).version == .v5)
        #expect(refused.ended(error(.refused(0x84)), lived: nil, at: start).isDetour)
        #expect(refused.next(at: start).version == .v311)
        var silent = route()
        var attempts: [BrokerRoute.Attempt] = []
        for _ in 0..<9 {
            attempts.append(silent.next(at: start))
            #expect(silent.ended(error(.closedUnanswered), lived: nil, at: start).wait > 0)
        }
        #expect(attempts.map(\.version) == [.v5, .v5, .v311, .v311, .v5, .v5, .v311, .v311, .v5])
        #expect(attempts.map(\.hasWill) == [true, true, true, true, false, false, false, false, true])
    }

    @Test func `after an hour a later connection tries MQTT 5 again`() {
        var route = route()
        _ = route.ended(error(.refused(0x84)), lived: nil, at: start)
        route.accepted()
        #expect(route.next(at: start + .seconds(3599)).version == .v311)
        #expect(route.next(at: start + .seconds(3601)).version == .v5)
    }

    @Test func `a broker that took 5 before is not left for 3 1 1 because it starts anew`() {
        var route = route()
        route.accepted()
        for _ in 0..<9 { _ = route.ended(error(.closedUnanswered), lived: nil, at: start) }
        #expect(route.next(at: start).version == .v5)
    }

    @Test func `each address has its own version`() {
        var route = route(2)
        _ = route.ended(error(.refused(0x84)), lived: nil, at: start)
        _ = route.ended(error(nil), lived: nil, at: start)
        #expect(route.next(at: start) == .init(address: .init(host: "host1", port: 1883), version: .v5))
        _ = route.ended(error(nil), lived: nil, at: start)
        #expect(route.next(at: start) == .init(address: .init(host: "host0", port: 1883), version: .v311))
    }

    @Test func `a last will that the broker does not take is left out at once`() {
        var route = route(version: .v5)
        #expect(route.ended(error(.refused(0x9A)), lived: nil, at: start).isDetour)
        #expect(!route.next(at: start).hasWill)
        #expect(!route.ended(error(.refused(0x9A)), lived: nil, at: start).isDetour)
    }

    @Test func `connections that end soon and without a word make one think of a second box`() {
        var route = route()
        func ends(lived: Double) -> String? {
            route.accepted()
            return route.ended(error(.closed), lived: lived, at: start).error.remedy
        }
        #expect(ends(lived: 2) == nil)
        #expect(ends(lived: 2) == nil)
        #expect(ends(lived: 2)?.contains("perhaps two boxes have one client id") == true)
        #expect(ends(lived: 60) == nil)
        #expect(ends(lived: 2) == nil)
    }
}
