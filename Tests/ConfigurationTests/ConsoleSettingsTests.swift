import Testing

@testable import SiteConfiguration

@Suite struct ConsoleSettingsTests {
    private func faults(_ console: String) -> [String] { Sample.faults(Sample.minimal + "console: \(console)\n") }

    @Test func `without an address there is no console`() throws {
        #expect(try Configuration.parse(text: Sample.minimal, file: "f").console == ConsoleSettings())
        #expect(try Configuration.parse(text: Sample.minimal + "console: {}\n", file: "f").console.listen == nil)
    }

    @Test func `an address that other machines reach needs a proxy, or a word that says so`() throws {
        for address in ["127.0.0.1:8080", "127.1.2.3:80", "\"[::1]:8080\""] {
            #expect(faults("{listen: \(address)}") == [], "\(address)")
        }
        for address in ["0.0.0.0:8080", "192.168.1.5:8080", "\"[::]:8080\"", "\"[fd00::1]:8080\""] {
            let found = faults("{listen: \(address)}")
            #expect(found.count == 1 && found.first?.contains("speaks no TLS") == true, "\(address): \(found)")
            #expect(faults("{listen: \(address), trusted_proxies: [10.0.0.1]}") == [], "\(address)")
            #expect(faults("{listen: \(address), insecure: true}") == [], "\(address)")
        }
    }

    @Test func `interfaces for the search are names, and none by default`() throws {
        let text = "console: {listen: 127.0.0.1:80, discovery: {interfaces: [eth1, enp2s0.10, br-lan]}}\n"
        let console = try Configuration.parse(text: Sample.minimal + text, file: "f").console
        #expect(console.discovery.interfaces == ["eth1", "enp2s0.10", "br-lan"])
        #expect(ConsoleSettings().discovery.interfaces.isEmpty)
        for value in [
            "eth1", "[a/b]", "[\"\"]", "[a b]", "[eth0:1]", "[sixteen-letters-]", "[[eth1]]", "[\".\"]",
            "[\(Array(repeating: "eth1", count: 9).joined(separator: ", "))]",
        ] {
            #expect(faults("{discovery: {interfaces: \(value)}}").count == 1, "\(value)")
        }
        #expect(faults("{discovery: {interface: [eth1]}}").count == 1)
    }

    @Test func `there may be no camera only where the page can add one`() throws {
        let lines = Sample.minimal.split(separator: "\n").prefix(5).joined(separator: "\n")
        let none = lines + "\ncameras: []\n"
        let found = Sample.faults(none)
        #expect(found.count == 1 && found.first?.contains("set console.listen") == true)
        let text = none + "console: {listen: 127.0.0.1:8080}\n"
        #expect(try Configuration.parse(text: text, file: "f").cameras.isEmpty)
        #expect(Sample.faults(none + "console: {}\n").count == 1)
        #expect(Sample.faults(lines + "\nconsole: {listen: 127.0.0.1:8080}\n").count == 1)
    }

    @Test func `the console and the metrics without accounts have an address each`() {
        func found(_ metrics: String) -> [String] {
            Sample.faults(Sample.minimal + "console: {listen: 127.0.0.1:8080}\nmetrics: {listen: \(metrics)}\n")
        }
        #expect(found("127.0.0.1:9464") == [])
        #expect(found("127.0.0.1:8080").count == 1)
    }

    @Test func `hosts and proxies are what they say they are`() throws {
        let text =
            "console: {listen: 127.0.0.1:80, hosts: [Console.Example.cn, \"a.b:8443\"], trusted_proxies: [\"::1\"]}\n"
        let console = try Configuration.parse(text: Sample.minimal + text, file: "f").console
        #expect(console.hosts == ["console.example.cn", "a.b:8443"] && console.trustedProxies == ["::1"])
        for value in ["a.b", "[\"http://a.b\"]", "[\"a b\"]", "[[a]]", "[\"\"]"] {
            #expect(faults("{hosts: \(value)}").count == 1, "\(value)")
        }
        for value in [
            "10.0.0.1", "[proxy.example.cn]", "[10.0.0.0/8]",
            "[\(Array(repeating: "10.0.0.1", count: 17).joined(separator: ", "))]",
        ] {
            #expect(faults("{trusted_proxies: \(value)}").count == 1, "\(value)")
        }
        #expect(faults("{listen: 8080}").count == 1)
    }
}
