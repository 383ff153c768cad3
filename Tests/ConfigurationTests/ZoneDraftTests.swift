import Domain
import Foundation
import TestSupport
import Testing

@testable import SiteConfiguration

/// The zones of a camera as an editor has them, and the file that says so.
@Suite struct ZoneDraftTests {
    private static let text = """
        cameras:
          - id: cam-01
            zones:
              # the hatched area
              - id: np1
                name: 网格线内   # as people say
                polygon: [[0.10, 0.2], [0.9, 0.2], [0.5, 0.90]]  # drawn by Li
                rules:
                  parking.motor:
                    dwell: 300     # five minutes
                    classes: [car]
                    windows: [{from: "07:00", to: "19:00"}]
              # the pavement
              - id: p1
                polygon:
                  - [0.1, 0.1]   # gate post
                  - [0.4, 0.1]
                  - [0.4, 0.3]   # kerb
                rules: {vending.occupy_road: , parking.fire_lane: {dwell: 60}}
          - id: cam-02
            zones: [{id: np1, polygon: [[0, 0], [1, 0], [1, 1]], rules: {parking.motor: }}]

        """

    private func document(_ text: String = text) throws -> ConfigurationDocument {
        try ConfigurationDocument(text: text, file: "f")
    }

    /// The text after a change of the first camera's zones; what it says then is what was meant.
    private func changed(_ text: String = text, _ change: (inout [ZoneDraft]) -> Void) throws -> String {
        var document = try document(text)
        var zones = try document.zones(of: "cam-01")
        change(&zones)
        try document.setZones(zones, of: "cam-01")
        let read = try self.document(document.text).zones(of: "cam-01")
        #expect(read.count == zones.count && zip(read, zones).allSatisfy(Self.saysTheSame))
        return document.text
    }

    /// An object of JSON has no order, and a rule without keys may be written either way.
    private static func saysTheSame(_ a: ZoneDraft, _ b: ZoneDraft) -> Bool {
        (a.id, a.name, a.surface, a.preset) == (b.id, b.name, b.surface, b.preset) && a.polygon == b.polygon
            && Set(a.rules.keys) == Set(b.rules.keys) && a.rules.allSatisfy { $0.value.says(b.rules[$0.key] ?? .empty) }
    }

    @Test func `the zones are read whatever their notation, and travel as JSON`() throws {
        let zones = try document().zones(of: "cam-01")
        #expect(zones.map(\.id) == ["np1", "p1"] && zones.map(\.name) == ["网格线内", nil])
        #expect(zones[0].polygon == [[0.1, 0.2], [0.9, 0.2], [0.5, 0.9]])
        #expect(zones[0].rules["parking.motor"]?["dwell"] == .text("300"))
        #expect(zones[1].rules["vending.occupy_road"] == .empty)
        let sent = try JSONEncoder().encode(zones)
        #expect(zip(try JSONDecoder().decode([ZoneDraft].self, from: sent), zones).allSatisfy(Self.saysTheSame))
        // As programs write it: numbers are numbers.
        let json =
            #"{"id": "z", "polygon": [[0, 0.5], [1, 0.5], [1, 1]], "rules": {"parking.motor": {"dwell": 300, "windows": [{"to": "19:00", "days": ["mon"], "from": "07:00"}]}, "env.garbage_pile": null}}"#
        let zone = try JSONDecoder().decode(ZoneDraft.self, from: Data(json.utf8))
        #expect(zone.rules["parking.motor"]?["dwell"] == .text("300"))
        #expect(
            zone.rules["parking.motor"]?["windows"]
                == .list([
                    .map([
                        .init("days", .list([.text("mon")])), .init("from", .text("07:00")),
                        .init("to", .text("19:00")),
                    ])
                ]))
        #expect(zone.rules["env.garbage_pile"] == .empty)
    }

    @Test func `what says the same is not touched, however it is written`() throws {
        #expect(try changed { _ in } == Self.text)
        let text = try changed { zones in
            zones[0].rules["parking.motor"] = .map([
                .init("windows", .list([.map([.init("to", .text("19:00")), .init("from", .text("07:00"))])])),
                .init("classes", .list([.text("car")])), .init("dwell", .text("300.0")),
            ])
        }
        #expect(text == Self.text)
    }

    @Test func `a corner is changed in its place, beside its comments`() throws {
        #expect(
            try changed { $0[0].polygon[1] = [0.812, 0.25] }
                == Self.text.replacing("[0.10, 0.2], [0.9, 0.2]", with: "[0.10, 0.2], [0.812, 0.25]"))
        #expect(
            try changed { $0[1].polygon[2] = [0.41, 0.3] }
                == Self.text.replacing("- [0.4, 0.3]   # kerb", with: "- [0.41, 0.3]   # kerb"))
        let more = try changed { $0[0].polygon.insert([0.5, 0.1], at: 1) }
        #expect(more.contains("polygon: [[0.1, 0.2], [0.5, 0.1], [0.9, 0.2], [0.5, 0.9]]  # drawn by Li"))
    }

    @Test func `names, grounds, rules and hours change in their places, and the rest stays`() throws {
        let text = try changed { zones in
            zones[0].name = "东门: 1号"
            zones[0].surface = "pavement"
            zones[0].rules["parking.motor"] = .map([
                .init("dwell", .text("600")), .init("classes", .list([.text("car")])),
            ])
            zones[0].rules["env.garbage_exposed"] = .map([])
        }
        #expect(
            text
                == Self.text.replacing("网格线内   # as", with: "\"东门: 1号\"   # as")
                .replacing("dwell: 300     #", with: "dwell: 600     #")
                .replacing("            windows: [{from: \"07:00\", to: \"19:00\"}]\n", with: "")
                .replacing(
                    "classes: [car]\n",
                    with: "classes: [car]\n          env.garbage_exposed:\n        surface: pavement\n"))
        let other = try changed { $0[1].rules = ["parking.motor": .map([.init("dwell", .text("120"))])] }
        #expect(other.contains("rules: {parking.motor: {dwell: 120}}"))
    }

    @Test func `a new zone comes after the others, and one that is removed goes with its lines`() throws {
        let new = ZoneDraft(
            id: "zone-3", name: "人行道", surface: "pavement", polygon: [[0.1, 0.5], [0.3, 0.5], [0.3, 0.9]],
            rules: ["vending.occupy_road": .empty, "parking.motor": .map([.init("dwell", .text("60"))])])
        let added = try changed { $0.append(new) }
        let lines = [
            "      - id: zone-3", "        name: 人行道", "        surface: pavement",
            "        polygon: [[0.1, 0.5], [0.3, 0.5], [0.3, 0.9]]", "        rules:", "          parking.motor:",
            "            dwell: 60", "          vending.occupy_road:", "  - id: cam-02",
        ]
        #expect(added == Self.text.replacing("  - id: cam-02", with: lines.joined(separator: "\n")))
        let removed = try changed { $0.removeFirst() }
        #expect(!removed.contains("np1\n        name") && removed.contains("# the hatched area\n      # the pavement"))
        #expect(try document(removed).zones(of: "cam-02").map(\.id) == ["np1"])
    }

    @Test func `what cannot be is told in both languages, and an old zone is left alone`() throws {
        let present = try document().zones(of: "cam-01")
        func names(_ change: (inout [ZoneDraft]) -> Void) -> [String] {
            var zones = present
            change(&zones)
            let faults = ZoneFault.all(in: zones, of: present)
            #expect(faults.allSatisfy { !$0.words.zh.isEmpty && !$0.words.en.isEmpty })
            return faults.map { "\($0.zone) \($0.key) \($0.name)" }
        }
        #expect(names { _ in } == [])
        #expect(names { $0.removeAll() } == [" zones zones_empty"])
        #expect(names { $0[0].polygon.removeLast() } == ["np1 polygon zone_few"])
        #expect(names { $0[0].polygon = [[0, 0], [1, 1], [1, 0], [0, 1]] } == ["np1 polygon zone_crosses"])
        #expect(names { $0[0].polygon = [[0.1, 0.1], [0.11, 0.1], [0.11, 0.11]] } == ["np1 polygon zone_tiny"])
        #expect(names { $0[0].polygon[0] = [0.9, 0.2] } == ["np1 polygon zone_repeats"])
        #expect(names { $0[0].polygon[0] = [1.2, 0.2] } == ["np1 polygon zone_outside"])
        #expect(names { $0[0].polygon[0] = [0.2] } == ["np1 polygon zone_outside"])
        #expect(names { $0[0].name = " " } == ["np1 name zone_name"])
        #expect(names { $0[0].rules = [:] } == ["np1 rules zone_rules"])
        #expect(
            names { $0[0].rules["parking.motor"] = .map([.init("dwell", .text("0"))]) } == [
                "np1 parking.motor.dwell zone_range"
            ])
        #expect(
            names { $0[0].rules["parking.motor"] = .map([.init("classes", .list([]))]) } == [
                "np1 parking.motor.classes zone_choice"
            ])
        #expect(
            names {
                $0[0].rules["parking.motor"] = .map([
                    .init("windows", .list([.map([.init("from", .text("7")), .init("to", .text("19:00"))])]))
                ])
            } == ["np1 parking.motor.windows zone_window"])
        #expect(names { $0[1].id = "np1" }.contains("np1 id zone_twice"))
        #expect(names { $0[0].rules["water.colour"] = .empty }.count == 1)
    }

    @Test func `a fault of the file is told with the path of its key`() throws {
        let text = try Sample.example()
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let line = try #require(lines.firstIndex { $0.contains("polygon: [[") }) + 1
        let column = lines[line - 1].prefix { $0 != "[" }.count + 1
        let document = try document(text)
        let path = try #require(document.path(line: line, column: column))
        #expect(path.hasPrefix("cameras.cam-01.zones.") && path.hasSuffix(".polygon"), "\(path)")
        #expect(document.path(line: 9999, column: 1) == nil)
        let faulty =
            "site:\n  id: x\ncameras:\n  - id: c\n    zones:\n      - id: z\n        rules: {parking.motor: {dwell: 5}}\n"
        let small = try self.document(faulty)
        #expect(small.path(line: 7, column: 40) == "cameras.c.zones.z.rules[\"parking.motor\"].dwell")
        #expect(small.path(line: 6, column: 9) == "cameras.c.zones.z")
    }

    @Test func `who made a version is kept beside it, and goes with it`() throws {
        let folder = try TemporaryFolder()
        let file = folder.file("gridwarden.yaml")
        try Sample.minimal.write(to: file, atomically: true, encoding: .utf8)
        let store = ConfigurationStore(path: file.path)
        for number in 1...25 {
            _ = try store.edit(by: number.isMultiple(of: 2) ? "网格员17" : nil) {
                try $0.set(ConfigurationPath("broker.host"), to: .text("b\(number)"))
            }
        }
        let versions = try store.versions()
        #expect(versions.count == 20 && versions.last?.number == 26)
        #expect(versions.map(\.by) == versions.map { $0.number.isMultiple(of: 2) ? nil : "网格员17" })
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.file(".gridwarden.yaml.versions").path)
        #expect(names.count == 30)
        #expect(try store.previousNumber() == 25)
        _ = try store.undo(by: "admin")
        #expect(try store.versions().last.map { "\($0.number) \($0.backTo ?? 0) \($0.by ?? "")" } == "27 25 admin")
    }
}
