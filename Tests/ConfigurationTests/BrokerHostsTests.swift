import Domain
import Testing

@testable import SiteConfiguration

struct BrokerHostsTests {
    private func read(_ lines: String) throws -> BrokerSettings {
        let text = Sample.minimal.split(separator: "\n").map(String.init).enumerated()
            .map { $0.offset == 4 ? lines : $0.element }.joined(separator: "\n")
        return try Configuration.parse(text: text, file: "f").broker
    }

    @Test func `hosts may stand alone or after host, each with a port of its own or the common one`() throws {
        let alone = try read(
            "  port: 8883\n  hosts: [a, \"b:1\", \"[fd00::1]:2\", \"[fd00::2]\", \"fd00::3\", 10.0.0.1]")
        #expect(alone.host.isEmpty)
        #expect(
            alone.addresses == [
                .init(host: "a", port: 8883), .init(host: "b", port: 1), .init(host: "fd00::1", port: 2),
                .init(host: "fd00::2", port: 8883), .init(host: "fd00::3", port: 8883),
                .init(host: "10.0.0.1", port: 8883),
            ])
        let after = try read("  host: a\n  hosts: [b]")
        #expect(after.addresses == [.init(host: "a", port: 1883), .init(host: "b", port: 1883)])
    }

    @Test func `the version is chosen by itself, and twenty seconds are enough for an answer`() throws {
        let broker = try read("  host: a")
        #expect(broker.version == .auto)
        #expect(broker.ackTimeout == 20)
        #expect(try read("  host: a\n  protocol: mqtt5\n  ack_timeout: 60").ackTimeout == 60)
    }

    @Test(arguments: ["", ":1", "a:", "a:0", "a:65536", "a b", "[a", "a]:1", "[]:1", "a/b", "u@a", "[a]1"])
    func `what is no host is not taken for one`(text: String) {
        #expect(BrokerSettings.address(text, port: 1) == nil)
    }
}
