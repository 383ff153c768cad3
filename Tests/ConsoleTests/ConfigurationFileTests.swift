import Domain
import Foundation
import SiteConfiguration
import TestSupport
import Testing

@testable import Console

/// Random edits of the example configuration, through what the API calls.
@Suite struct ConfigurationFileTests {
    private static let example = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../deploy/gridwarden.example.yaml")
    private static let camera = "cam-01"

    /// A random change of the zones, as the editor makes them.
    private static func change(_ zones: inout [ZoneDraft], _ random: inout SeededGenerator) {
        func polygon() -> [[Double]] {
            let (x, y) = (Double.random(in: 0.05...0.6, using: &random), Double.random(in: 0.05...0.6, using: &random))
            func number(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
            return [[x, y], [x + 0.3, y + 0.02], [x + 0.28, y + 0.3], [x + 0.02, y + 0.25]].map { $0.map(number) }
        }
        let index = Int.random(in: 0..<zones.count, using: &random)
        switch Int.random(in: 0..<9, using: &random) {
        case 0: zones[index].polygon = polygon()
        case 1:
            // One corner, by a little.
            let at = Int.random(in: 0..<zones[index].polygon.count, using: &random)
            let moved = zones[index].polygon[at].map { ($0 * 1000 + 1).rounded() / 1000 }
            if moved.allSatisfy({ $0 <= 1 }) { zones[index].polygon[at] = moved }
        case 2: zones[index].name = ["东门", "a: b", "it's", "# no", "网格线 1号"].randomElement(using: &random)
        case 3: zones[index].surface = ["carriageway", "pavement", "square"].randomElement(using: &random)
        case 4:
            guard let kind = zones[index].rules.keys.sorted().randomElement(using: &random) else { return }
            set(&zones[index], kind, "dwell", .text("\(Int.random(in: 1...3600, using: &random))"))
        case 5:
            guard let kind = zones[index].rules.keys.sorted().randomElement(using: &random),
                kind.hasPrefix("parking.motor")
            else { return }
            let window = ConfigurationValue.map([
                .init("days", .list([.text("mon"), .text("tue")])), .init("from", .text("07:00")),
                .init("to", .text("19:30")),
            ])
            set(&zones[index], kind, "windows", .list(Bool.random(using: &random) ? [window] : [window, window]))
        case 6:
            let kind =
                ["parking.motor", "parking.fire_lane", "env.garbage_exposed"].randomElement(using: &random) ?? ""
            if zones[index].rules[kind] == nil {
                zones[index].rules[kind] = .empty
            } else if zones[index].rules.count > 1 {
                zones[index].rules[kind] = nil
            }
        case 7:
            let number = Int.random(in: 10...99, using: &random)
            guard zones.count < 5, !zones.contains(where: { $0.id == "zone-\(number)" }) else { return }
            zones.append(
                ZoneDraft(
                    id: "zone-\(number)", name: "区域 \(number)", surface: "carriageway", polygon: polygon(),
                    rules: ["parking.motor": .map([.init("dwell", .text("120"))])]))
        default: if zones.count > 1 { zones.remove(at: index) }
        }
    }

    private static func set(_ zone: inout ZoneDraft, _ kind: String, _ key: String, _ value: ConfigurationValue) {
        var entries: [ConfigurationValue.Entry] = []
        if case .map(let present)? = zone.rules[kind] { entries = present.filter { $0.key != key } }
        zone.rules[kind] = .map(entries + [.init(key, value)])
    }

    /// Comments that stand on lines of their own.
    private static func comments(_ text: String) -> [String] {
        text.split(separator: "\n").map(String.init).filter { $0.drop { $0 == " " }.hasPrefix("#") }
    }

    /// Whether the one is the other without some of its items.
    private static func isPart(_ part: [String], of whole: [String]) -> Bool {
        var rest = whole[...]
        for item in part {
            guard let index = rest.firstIndex(of: item) else { return false }
            rest = rest[(index + 1)...]
        }
        return true
    }

    @Test(.heavy(minutes: 10))
    func `of two hundred random edits each means what was meant, keeps every comment, and can be undone exactly`()
        throws
    {
        var random = SeededGenerator(seed: 14)
        let folder = try TemporaryFolder()
        let path = folder.file("gridwarden.yaml").path
        let text = try String(contentsOf: Self.example, encoding: .utf8)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let file = ConfigurationFile(
            ConfigurationParts(path: path, check: { _ in }, apply: { .init(.applied) }, camera: { _ in nil }))
        var (done, refused) = (0, 0)
        while done < 200 {
            let began = try file.read()
            var texts = [began.text]
            for _ in 0..<8 {
                let (zones, version) = try file.zones(of: Self.camera)
                var drafts = zones
                Self.change(&drafts, &random)
                let before = try file.read().text
                let others = try Configuration.parse(text: before, file: "f")
                do {
                    let change = try file.save(drafts, of: Self.camera, expecting: version, by: "admin", at: Date())
                    #expect(change.before == before)
                } catch is ConfigurationFile.Refused {
                    refused += 1
                } catch is ConfigurationFile.Faulty {
                    refused += 1
                }
                let after = try file.read().text
                guard after != before else { continue }
                done += 1
                texts.append(after)
                // The meaning: these zones, and all else as before.
                #expect(try file.zones(of: Self.camera).zones.map(\.id).sorted() == drafts.map(\.id).sorted())
                for draft in try file.zones(of: Self.camera).zones {
                    let meant = try #require(drafts.first { $0.id == draft.id })
                    #expect(
                        draft.polygon == meant.polygon && draft.name == meant.name && draft.surface == meant.surface)
                    #expect(Set(draft.rules.keys) == Set(meant.rules.keys))
                }
                var now = try Configuration.parse(text: after, file: "f")
                #expect(now.sections(differingFrom: others).isEmpty)
                let (mine, its) = (now.cameras.removeFirst(), others.cameras[0])
                #expect(now.cameras == Array(others.cameras.dropFirst()))
                #expect(mine.url == its.url && mine.purpose == its.purpose && mine.presets == its.presets)
                // The comments: all of them, unless what they stand in is gone.
                let isShorter =
                    drafts.count < zones.count || zip(zones, drafts).contains { $0.rules.count > $1.rules.count }
                if isShorter {
                    #expect(Self.isPart(Self.comments(after), of: Self.comments(before)))
                } else {
                    #expect(Self.comments(after) == Self.comments(before))
                }
            }
            // Undone one by one, byte for byte.
            for text in texts.reversed().dropFirst() {
                let previous = try #require(file.previous)
                let (_, version) = try file.read()
                _ = try file.restore(previous, expecting: version, isTrial: false, by: "admin", at: Date())
                #expect(try file.read().text == text)
            }
            // And on with some of them.
            if let text = texts.randomElement(using: &random) {
                try text.write(toFile: path, atomically: true, encoding: .utf8)
            }
        }
        #expect(done >= 200 && refused < done, "\(done) done, \(refused) refused")
    }
}
