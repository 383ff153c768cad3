import Domain
import Testing

struct AreaCodeTests {
    @Test func `an area code is cut at each level of government`() throws {
        let area = try AreaCode("320583102201")
        #expect(
            [area.province, area.city, area.county, area.town, area.village] == [
                "32", "3205", "320583", "320583102", "320583102201",
            ])
    }

    @Test(arguments: ["32", "3205", "320583", "320583102", "320583102201"])
    func `missing levels are zeros`(text: String) throws {
        let area = try AreaCode(text)
        #expect(area.digits.count == 12)
        #expect(area.digits.hasPrefix(text))
        #expect(area.digits.dropFirst(text.count).allSatisfy { $0 == "0" })
        #expect(area.level.rawValue == text.count)
    }

    @Test(arguments: ["", "3", "320", "32058310220", "3205831022011", "32058x", "32+583"])
    func `what is no code is refused by name`(text: String) {
        let error = #expect(throws: AreaCode.Malformed.self) { try AreaCode(text) }
        #expect(error?.description.contains("\"\(text)\"") == true)
    }
}
