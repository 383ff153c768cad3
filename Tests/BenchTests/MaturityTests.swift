import Bench
import Domain
import Foundation
import TestSupport
import Testing

/// A row of the table "Figures by kind" in docs/detectors.md.
private struct MaturityRow {
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    let kind: AlertKind
    let maturity: KindEntry.Maturity
    /// Found and seen, in scenes that the code was made with: they decide nothing.
    let known: (found: Int, seen: Int)
    /// The same in scenes that nobody tuned to.
    let unknown: (found: Int, seen: Int)
    let scenes: Int
    /// Of negatives.
    let hours: Double
    let negativeScenes: Int
    let falseAlerts: Int
    let rateText: String

    init(_ line: Substring) throws {
        let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        guard cells.count == 10, let maturity = KindEntry.Maturity(rawValue: cells[1]),
            let known = Self.share(cells[2]), let unknown = Self.share(cells[3]), let scenes = Int(cells[4]),
            let hours = Double(cells[5]), let negativeScenes = Int(cells[6]), let falseAlerts = Int(cells[7])
        else { throw Malformed(description: "no row of figures: \(line)") }
        kind = AlertKind(rawValue: cells[0].replacing("`", with: ""))
        (self.maturity, self.known, self.unknown) = (maturity, known, unknown)
        (self.scenes, self.hours, self.negativeScenes) = (scenes, hours, negativeScenes)
        (self.falseAlerts, rateText) = (falseAlerts, cells[8])
    }

    /// `8 of 10`; nil where it is not that, or more was found than there was.
    private static func share(_ text: String) -> (found: Int, seen: Int)? {
        let numbers = text.split(separator: " of ").compactMap { Int($0) }
        guard numbers.count == 2, numbers[0] >= 0, numbers[0] <= numbers[1] else { return nil }
        return (numbers[0], numbers[1])
    }

    /// On a camera in a day; nil without hours.
    var rate: PoissonRate? { hours > 0 ? PoissonRate(count: falseAlerts, exposure: hours / 24) : nil }

    /// The best that the figures allow.
    var allowed: KindEntry.Maturity {
        guard let rate else { return .experimental }
        let bar = MaturityRule.falseAlerts(kind)
        if scenes >= MaturityRule.Stable.scenes, negativeScenes >= MaturityRule.Stable.scenes,
            lowestShare >= MaturityRule.Stable.share, rate.high <= bar
        {
            return .stable
        }
        if unknown.seen >= MaturityRule.Beta.events, scenes >= MaturityRule.Beta.scenes,
            5 * unknown.found >= MaturityRule.Beta.ofFive * unknown.seen, hours >= MaturityRule.Beta.hours,
            negativeScenes >= MaturityRule.Beta.scenes, rate.rate <= bar
        {
            return .beta
        }
        return .experimental
    }

    /// Where the 95 % interval of the share that is found begins: Clopper and Pearson's, by bisection of the binomial
    /// distribution.
    var lowestShare: Double {
        guard unknown.found > 0 else { return 0 }
        var (low, high) = (0.0, 1.0)
        for _ in 0..<60 {
            let share = (low + high) / 2
            let atLeast = (unknown.found...unknown.seen).reduce(0.0) { $0 + probability(of: $1, share: share) }
            if atLeast > 0.025 { high = share } else { low = share }
        }
        return low
    }

    private func probability(of count: Int, share: Double) -> Double {
        let (n, k) = (Double(unknown.seen), Double(count))
        let ways = lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
        return exp(ways + k * log(share) + (n - k) * log(1 - share))
    }
}

/// The numbers of docs/detectors.md, "The rule of maturity", where their reasons are.
private enum MaturityRule {
    enum Beta {
        static let events = 10
        static let scenes = 3
        /// Of five events, found in time.
        static let ofFive = 4
        static let hours = 24.0
    }

    enum Stable {
        static let scenes = 10
        static let share = 0.8
    }

    /// On a camera in a day.
    static func falseAlerts(_ kind: AlertKind) -> Double {
        ["env.garbage_exposed", "env.garbage_pile", "appearance.pile"].contains(kind.rawValue) ? 0.5 : 0.2
    }
}

/// The table of figures in docs/detectors.md against the catalogue and the rule. What it cannot see is whether the figures
/// are true, a scene unknown, or the hours of `stable` those of real streets.
struct MaturityTests {
    private let catalogue: Catalogue

    init() throws { catalogue = try Catalogue.builtIn() }

    private static func rows() throws -> [MaturityRow] {
        let text = try String(contentsOf: Footage.packageRoot.appending(path: "docs/detectors.md"), encoding: .utf8)
        return try text.split(separator: "\n", omittingEmptySubsequences: false)
            .drop { !$0.hasPrefix("| kind | maturity | known scenes |") }.dropFirst(2).prefix { $0.hasPrefix("|") }
            .map { try MaturityRow($0) }
    }

    @Test func `each kind of the catalogue has one row of figures, and no other kind has`() throws {
        #expect(try Self.rows().map(\.kind.rawValue).sorted() == catalogue.kinds.map(\.rawValue).sorted())
    }

    @Test func `the maturity of each row is the one of the catalogue`() throws {
        for row in try Self.rows() { #expect(row.maturity == catalogue[row.kind]?.maturity, "\(row.kind)") }
    }

    @Test func `no kind is rated higher than its figures allow`() throws {
        for row in try Self.rows() { #expect(Self.isHeld(row), "\(row.kind): \(row.maturity), allowed \(row.allowed)") }
    }

    @Test func `the rate of each row is that of its hours`() throws {
        for row in try Self.rows() {
            let text = row.rate.map { rate -> String in
                func short(_ value: Double) -> String { value == 0 ? "0" : String(format: "%.1f", value) }
                return "\(short(rate.rate)) (\(short(rate.low))–\(short(rate.high)))"
            }
            #expect(row.rateText == text ?? "–", "\(row.kind)")
        }
    }

    /// Each lacks one thing that the rule asks for.
    @Test(arguments: [
        "| `parking.motor` | beta | 0 of 0 | 8 of 9 | 3 | 24 | 3 | 0 | – | too few events |",
        "| `parking.motor` | beta | 0 of 0 | 8 of 10 | 2 | 24 | 3 | 0 | – | too few scenes |",
        "| `parking.motor` | beta | 0 of 0 | 7 of 10 | 3 | 24 | 3 | 0 | – | too few found |",
        "| `parking.motor` | beta | 0 of 0 | 8 of 10 | 3 | 23.9 | 3 | 0 | – | too few hours |",
        "| `parking.motor` | beta | 0 of 0 | 8 of 10 | 3 | 24 | 2 | 0 | – | too few scenes without events |",
        "| `parking.motor` | beta | 0 of 0 | 8 of 10 | 3 | 24 | 3 | 1 | – | too many false alerts |",
        "| `env.garbage_exposed` | beta | 0 of 0 | 8 of 10 | 3 | 40 | 3 | 1 | – | too many for refuse |",
        "| `parking.motor` | beta | 100 of 100 | 0 of 0 | 0 | 999 | 20 | 0 | – | known scenes only |",
        "| `parking.motor` | stable | 0 of 0 | 45 of 50 | 10 | 480 | 10 | 0 | – | too few found |",
        "| `parking.motor` | stable | 0 of 0 | 46 of 50 | 9 | 480 | 10 | 0 | – | too few scenes |",
        "| `parking.motor` | stable | 0 of 0 | 46 of 50 | 10 | 480 | 9 | 0 | – | too few scenes without events |",
        "| `parking.motor` | stable | 0 of 0 | 46 of 50 | 10 | 442 | 10 | 0 | – | too few hours |",
    ])
    func `figures that lack one thing do not allow the maturity`(line: String) throws {
        let row = try MaturityRow(line[...])
        #expect(!Self.isHeld(row), "allowed \(row.allowed)")
    }

    @Test(arguments: [
        "| `parking.motor` | beta | 0 of 2 | 8 of 10 | 3 | 24 | 3 | 0 | – | just enough |",
        "| `env.garbage_exposed` | beta | 0 of 0 | 8 of 10 | 3 | 48 | 3 | 1 | – | just enough for refuse |",
        "| `parking.motor` | stable | 0 of 0 | 46 of 50 | 10 | 443 | 10 | 0 | – | just enough |",
        "| `parking.motor` | experimental | 0 of 0 | 46 of 50 | 10 | 443 | 10 | 0 | – | lower is allowed |",
    ])
    func `figures that have all of it do`(line: String) throws {
        let row = try MaturityRow(line[...])
        #expect(Self.isHeld(row), "allowed \(row.allowed)")
    }

    @Test func `the intervals are those that the rule gives as its reasons`() throws {
        let row = try MaturityRow("| `parking.motor` | beta | 0 of 0 | 8 of 10 | 3 | 24 | 3 | 0 | – | |")
        let rate = try #require(row.rate)
        #expect(abs(row.lowestShare - 0.4439) < 0.0001)
        #expect(abs(rate.high - 3.689) < 0.001)
    }

    @Test(arguments: [
        "| `parking.motor` | beta | 0 of 0 | 3 of 2 | 3 | 24 | 3 | 0 | – | more found than seen |",
        "| `parking.motor` | mature | 0 of 0 | 0 of 0 | 3 | 24 | 3 | 0 | – | no maturity |",
        "| `parking.motor` | beta | 0 of 0 | 8 of 10 | 3 | many | 3 | 0 | – | no number |",
    ])
    func `a row that cannot be read is an error`(line: String) {
        #expect(throws: MaturityRow.Malformed.self) { try MaturityRow(line[...]) }
    }

    private static func isHeld(_ row: MaturityRow) -> Bool { rank(row.maturity) <= rank(row.allowed) }

    private static func rank(_ maturity: KindEntry.Maturity) -> Int {
        switch maturity {
        case .experimental: 0
        case .beta: 1
        case .stable: 2
        }
    }
}
