/// A 12-digit statistical area code: province 2, city 2, county 2, township 3, village 3.
public struct AreaCode: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Why a text is not an area code.
    public struct Malformed: Error, Equatable, CustomStringConvertible {
        public let text: String

        public var description: String {
            "\"\(text)\" is no area code: give 2, 4, 6, 9 or 12 digits (province, city, county, township, village), "
                + "e.g. 320583102201"
        }
    }

    /// Number of digits of each level of government.
    public enum Level: Int, Sendable, CaseIterable {
        case province = 2
        case city = 4
        case county = 6
        case town = 9
        case village = 12
    }

    /// All 12 digits.
    public let digits: String
    /// The level that the text specified.
    public let level: Level

    /// Levels that the text does not specify are filled with zeros.
    public init(_ text: String) throws(Malformed) {
        guard let level = Level(rawValue: text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw Malformed(text: text)
        }
        self.level = level
        digits = text + String(repeating: "0", count: 12 - text.utf8.count)
    }

    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(digits)
    }

    public var province: String { segment(.province) }
    /// Whether its first two digits are those of a province, region or municipality of GB/T 2260-2007.
    public var hasKnownProvince: Bool { Self.provinces.contains(province) }

    private static let provinces: Set<String> = [
        "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43",
        "44",
        "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82",
    ]

    public var city: String { segment(.city) }
    public var county: String { segment(.county) }
    public var town: String { segment(.town) }
    public var village: String { digits }
    public var description: String { digits }

    /// The digits down to one level.
    public func segment(_ level: Level) -> String { String(digits.prefix(level.rawValue)) }

    /// Whether an area lies in this one, down to the level that its text specified.
    ///
    /// - Parameter area: 12 digits.
    public func covers(_ area: some StringProtocol) -> Bool { area.hasPrefix(segment(level)) }

    public static func == (a: AreaCode, b: AreaCode) -> Bool { a.digits == b.digits }
    public func hash(into hasher: inout Hasher) { hasher.combine(digits) }
}

/// A location: the area, the grid in it, and the micro-grid in that.
public struct GridLocation: Sendable, Hashable {
    public var area: AreaCode
    public var grid: String
    public var microgrid: String

    public init(area: AreaCode, grid: String = "000", microgrid: String = "00") {
        self.area = area
        self.grid = grid
        self.microgrid = microgrid
    }
}
