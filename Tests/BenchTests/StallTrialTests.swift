import Analytics
import Domain
import Foundation
import TestSupport
import Testing

/// People and things out of photographs, who stand in a real street for a while: a short form of Tests/Scenes/stalls.py.
private struct StallTrial {
    struct Figure {
        let name: String
        /// Metres to the right of the place, and of its own height.
        let right: Double
        var metres = 1.7
        var from = 0.0
        var until = 1000.0
    }

    static let shared = Footage.packageRoot.deletingLastPathComponent().appending(path: "shared")
    static let isPresent = FileManager.default.fileExists(atPath: shared.appending(path: "images/coco-val").path)

    /// Feet, and a person's height there, as shares of the picture.
    let place: (x: Double, y: Double, height: Double)
    let figures: [Figure]
    private let cuts: [(cut: CutOut, x: Int, y: Int)]

    init(_ scenery: Scenery, place: (x: Double, y: Double, height: Double), figures: [Figure]) throws {
        self.place = place
        self.figures = figures
        let outlines = try Self.outlines()
        guard let look = scenery.looks.first else { throw Scenery.Absent() }
        let metre = place.height * Double(look.height) / 1.7
        cuts = try figures.map { figure in
            guard let outline = outlines[figure.name] else { throw Scenery.Absent() }
            // The photographs are 640 by 427…480 or upright; only the shape of the cut-out matters.
            let shape = try CutOut(outline, width: 64, in: Self.shared).planes
            let width = figure.metres * metre * Double(shape.width) / Double(shape.height)
            let cut = try CutOut(outline, width: max(6, Int(width)), in: Self.shared)
            let x = place.x * Double(look.width) + figure.right * metre - Double(cut.planes.width) / 2
            return (cut, Int(x), Int(place.y * Double(look.height)) - cut.planes.height)
        }
    }

    private static func outlines() throws -> [String: CutOut.Outline] {
        let path = Footage.packageRoot.appending(path: "Tests/Scenes/stalls.csv")
        let lines = try String(contentsOf: path, encoding: .utf8).split(separator: "\n")
        return lines.reduce(into: [:]) { all, line in
            let fields = line.split(separator: ",", maxSplits: 2)
            let corners = fields[2].split(whereSeparator: { $0 == " " || $0 == "\"" }).map {
                let numbers = $0.split(separator: ",").compactMap { Double($0) }
                return Point(x: numbers[0] / 1000, y: numbers[1] / 1000)
            }
            all[String(fields[0])] = CutOut.Outline(file: String(fields[1]), polygon: Polygon(corners))
        }
    }

    func paste(into planes: inout Planes, at seconds: Double) {
        for (figure, cut) in zip(figures, cuts) where figure.from..<figure.until ~= seconds {
            // Nobody stands quite still.
            let sway = figure.metres == 1.7 ? Int(seconds / 2) % 3 - 1 : 0
            cut.cut.paste(into: &planes, x: cut.x + sway, y: cut.y, gain: 1)
        }
    }
}

@Suite(
    .enabled(
        if: Prepared.isReady && StallTrial.isPresent, "needs 'make models', ../shared/footage and ../shared/images"),
    .heavy(minutes: 10))
struct StallTrialTests {
    private func alerts(_ street: String, _ figures: [StallTrial.Figure], seconds: Double) async throws -> [Incident] {
        let places: [String: (x: Double, y: Double, height: Double)] = [
            "signal-crossing": (0.62, 0.72, 0.15), "pi-street-truck": (0.62, 0.72, 0.18),
        ]
        let scenery = try Scenery(street)
        let trial = try StallTrial(scenery, place: #require(places[street]), figures: figures)
        return try await scenery.watch(
            seconds: seconds, rules: [.roadVending: VendingSettings(dwell: 20)],
            detector: Prepared.detector(), trial.paste)
    }

    private static let seller = StallTrial.Figure(name: "cook", right: 0)
    private static let table = StallTrial.Figure(name: "table", right: 0.9, metres: 0.85)
    private static let lorry = StallTrial.Figure(name: "truck", right: 2.6, metres: 2.3)

    /// In streets that nothing was tuned to; more of them, and what is missed, in docs/detectors.md.
    @Test(arguments: ["pi-street-truck"]) func `a lorry that was there at first is a stall by its customers`(
        street: String
    )
        async throws
    {
        // The detector misses one in three.
        let customers = [("batter", 6.0), ("umpire", 24), ("pitcher", 42), ("worker", 60)].map {
            StallTrial.Figure(name: $0.0, right: 1.4, from: $0.1, until: $0.1 + 10)
        }
        let alerts = try await alerts(street, [Self.lorry, Self.seller] + customers, seconds: 82)
        #expect(alerts.count == 1)
        #expect(alerts.allSatisfy { $0.why.contains { $0.what.contains("3 came, stopped and left") } })
    }

    @Test(arguments: ["signal-crossing"]) func `guests at a table and a waiter are no stall`(
        street: String
    ) async throws {
        let guests = [("cook", -0.2), ("batter", 1.9)].map { StallTrial.Figure(name: $0.0, right: $0.1, metres: 1.25) }
        let waiter = [8.0, 20, 32].map { StallTrial.Figure(name: "umpire", right: 0.8, from: $0, until: $0 + 6) }
        #expect(try await alerts(street, [Self.table] + guests + waiter, seconds: 44).isEmpty)
    }
}
