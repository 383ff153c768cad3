import Testing

@testable import SiteConfiguration

@Suite struct DialectSectionTests {
    private func read(_ dialects: String) throws -> DialectSettings {
        try Configuration.parse(text: Sample.minimal + "dialects:\n" + dialects, file: "f").dialects
    }

    @Test func `all dialects are off unless one is switched on`() throws {
        let plain = try Configuration.parse(text: Sample.minimal, file: "f").dialects
        #expect(!plain.homeAssistant.isEnabled && !plain.onvif.isEnabled && !plain.frigate.isEnabled)
        #expect(plain.onvif.topicPrefix == "s1")
        let read = try read("  language: en\n  frigate: {enabled: true, topic_prefix: yard/frigate}\n")
        #expect(read.language == .en && read.frigate.isEnabled && read.frigate.topicPrefix == "yard/frigate")
        #expect(!read.homeAssistant.isEnabled)
    }

    @Test(arguments: ["mg/v1", "mg/v1/frigate", "mg"])
    func `a prefix that would meet the native topics is refused`(prefix: String) {
        let faults = Sample.faults(Sample.minimal + "dialects:\n  frigate: {topic_prefix: \(prefix)}\n")
        #expect(faults.count == 1 && faults[0].contains("must lie beside broker.topic_root (mg/v1)"), "\(faults)")
    }

    @Test(arguments: ["a/+/b", "a b", "/a", "a/", "$SYS"])
    func `a prefix that is no topic is refused`(prefix: String) {
        let faults = Sample.faults(Sample.minimal + "dialects:\n  onvif: {topic_prefix: \"\(prefix)\"}\n")
        #expect(faults.count == 1 && faults[0].contains("dialects, onvif: topic_prefix must be levels"), "\(faults)")
    }
}
