import Foundation
import TestSupport
import Testing

@testable import Bench

@Suite struct TruthTests {
    private static let zone = #"{"id": "z1", "rules": ["parking.motor"], "polygon": [[0, 0], [100, 0], [50, 100]]}"#

    private func load(
        size: String = "[100, 100]", zones: String = zone, events: String = "[]"
    ) throws -> Truth {
        try load(#"{"size": \#(size), "zones": [\#(zones)], "events": \#(events)}"#)
    }

    private func load(_ text: String) throws -> Truth {
        let folder = try TemporaryFolder()
        let file = folder.file("clip.truth.json")
        try Data(text.utf8).write(to: file)
        return try Truth.load(file.path)
    }

    private func event(start: String = "1", end: String = "2", box: String = "[10, 10, 20, 20]") -> String {
        #"[{"id": 7, "kind": "parking.motor", "zone": "z1", "start": \#(start), "end": \#(end), "box": \#(box)}]"#
    }

    /// What is said of a text that is refused; empty where it is taken.
    private func fault(_ load: @autoclosure () throws -> Truth) -> String {
        do {
            _ = try load()
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func `what reaches a little out of the picture is taken`() throws {
        let zone = #"{"id": "z1", "rules": [], "polygon": [[-10, -10], [110, 0], [50, 120]]}"#
        #expect(try load(zones: zone, events: event(box: "[-5, 90, 20, 20]")).events.count == 1)
    }

    @Test func `a zone for a kind that nothing detects is refused with file and zone`() {
        let zone = #"{"id": "z1", "rules": ["parking.moter"], "polygon": [[0, 0], [100, 0], [50, 100]]}"#
        let text = fault(try load(zones: zone))
        #expect(text.contains("clip.truth.json: zone 'z1'") && text.contains("'parking.moter'"), "\(text)")
        #expect(text.contains("parking.motor"), "\(text)")
    }

    @Test(arguments: ["[1e300, 0]", "[0, -1e300]", "[201, 0]", "[0, -101]"])
    func `a corner far outside the picture is refused with file and zone`(corner: String) {
        let zone = #"{"id": "z1", "rules": [], "polygon": [[0, 0], [100, 0], \#(corner)]}"#
        let text = fault(try load(zones: zone))
        #expect(text.contains("clip.truth.json: zone 'z1'"), "\(text)")
    }

    @Test(arguments: [
        "[1e300, 10, 20, 20]", "[10, 10, 1e300, 20]", "[10, 10, 0, 20]", "[10, 10, 20, -1]", "[10, 10, 20]",
        "[-1e308, 0, 1e308, 1]",
    ])
    func `an impossible box is refused with file and event`(box: String) {
        let text = fault(try load(events: event(box: box)))
        #expect(text.contains("clip.truth.json: event 7"), "\(text)")
    }

    @Test(arguments: [("2", "1"), ("1", "1e300"), ("-1e300", "1")])
    func `an impossible time is refused with file and event`(start: String, end: String) {
        let text = fault(try load(events: event(start: start, end: end)))
        #expect(text.contains("clip.truth.json: event 7"), "\(text)")
    }

    @Test func `a truth file that names no events has none`() throws {
        #expect(try load(#"{"size": [100, 100], "zones": [\#(Self.zone)]}"#).events.isEmpty)
    }

    @Test func `what is malformed is named by file and key`() {
        let box = #"[{"id": 1, "kind": "parking.motor", "zone": "z1", "start": 1, "end": 2, "box": "here"}]"#
        let noEnd = #"[{"id": 1, "kind": "parking.motor", "zone": "z1", "start": 1, "box": [1, 1, 1, 1]}]"#
        for (text, name) in [
            (fault(try load(events: box)), "'events[0].box' is wrong"),
            (fault(try load(events: noEnd)), "'events[0].end' is missing"),
            (fault(try load(size: "[100, null]")), "'size[1]' is wrong"),
            (fault(try load(#"{"size": [100, 100]}"#)), "'zones' is missing"),
            (fault(try load("[]")), "not in the expected form"),
            (fault(try load("{")), "not in the expected form"),
        ] {
            #expect(text.contains("clip.truth.json: ") && text.contains(name), "\(text)")
            #expect(!text.contains("DecodingError") && !text.contains("codingPath"), "\(text)")
        }
    }
}
