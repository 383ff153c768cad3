import Testing

@testable import SiteConfiguration

@Suite struct SectionsTests {
    @Test func `every section that differs is named, but for the cameras`() throws {
        let plain = try Configuration.parse(text: Sample.minimal, file: "f")
        func differing(_ text: String) throws -> [String] {
            try plain.sections(differingFrom: Configuration.parse(text: text, file: "f"))
        }
        #expect(try differing(Sample.minimal) == [])
        #expect(try differing(Sample.minimal.replacing("cam-01", with: "cam-02")) == [])
        #expect(try differing(Sample.minimal.replacing("localhost", with: "elsewhere")) == ["broker"])
        let others = [
            "detector": "{threads: 2}", "evidence": "{keep_days: 3}", "inbound": "{enabled: false}",
            "delivery": "{refusals: skip}", "dialects": "{onvif: {enabled: true}}", "outbox": "{audit_days: 200}",
            "logging": "{level: debug}",
            "metrics": "{listen: \"127.0.0.1:9464\"}", "console": "{listen: \"127.0.0.1:8080\"}",
        ]
        for (section, value) in others {
            #expect(try differing(Sample.minimal + "\(section): \(value)\n") == [section])
        }
        // Every key of the file is accounted for.
        let named: Set = ["site", "broker", "cameras"]
        #expect(named.union(others.keys) == Set(Configuration.Key.allCases.map(\.rawValue)))
    }
}
