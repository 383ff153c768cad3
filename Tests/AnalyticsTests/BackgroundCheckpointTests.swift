import Domain
import Foundation
import TestSupport
import Testing

@testable import Analytics

/// What lies on the ground outlives the process.
@Suite(.heavy) struct BackgroundCheckpointTests {
    private static let bag = Box(x: 0.4, y: 0.4, width: 0.12, height: 0.2)
    private static let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].map { Point(x: $0.0, y: $0.1) }
    private static let zone = Zone(id: "z", name: "", polygon: Polygon(corners), surface: .pavement)
    /// Houses and shop fronts: a view that can be told from another one.
    private static func houses(turned: Double) -> [Street.Thing] {
        [(0.02, 0.02), (0.7, 0.04), (0.05, 0.7), (0.62, 0.72)].enumerated().map { index, place in
            .init(
                .car, Box(x: place.0 + turned, y: place.1 - turned / 2, width: 0.25, height: 0.24), look: 10 + index,
                isDetected: false)
        }
    }

    /// One run of the process, a look every 2 s.
    private struct Run {
        var watcher: LeftObjectDetector
        var rule = LeftObjectRule(
            kind: .exposedGarbage, zone: BackgroundCheckpointTests.zone, settings: LeftObjectSettings(dwell: 300))
        var book: IncidentBook
        var changes: [Incident] = []

        init(restored: BackgroundCheckpoint? = nil, open: [Incident] = []) {
            watcher = LeftObjectDetector(zones: [BackgroundCheckpointTests.zone.polygon], restored: restored)
            book = IncidentBook(camera: "c", restored: open) { _ in UUID() }
        }

        mutating func look(_ seconds: ClosedRange<Double>, bag: Bool, gain: Double = 1, turned: Double = 0) throws {
            for second in stride(from: seconds.lowerBound, through: seconds.upperBound, by: 2) {
                var things = BackgroundCheckpointTests.houses(turned: turned)
                if bag { things.append(.init(.car, BackgroundCheckpointTests.bag, look: 3, isDetected: false)) }
                let bare = Street().scene(at: second, things, gain: gain)
                let grey = [UInt8](repeating: 128, count: bare.picture.pixels.count)
                let scene = Scene(
                    time: bare.time, date: bare.date, detections: [], picture: bare.picture,
                    chroma: Chroma(blue: grey, red: grey))
                let objects = watcher.update(with: scene, stationary: [], ended: [])
                if let due = watcher.due(at: scene.time) { watcher.identify(due.id, by: [], at: scene.time) }
                let look = Observation(scene: scene, stationary: [], ended: [], objects: objects, plumes: [])
                changes += book.advance(rule.evaluate(look), at: scene.time)
            }
        }

        /// What the disk would give back.
        func kept(at seconds: Double) throws -> BackgroundCheckpoint {
            let checkpoint = try #require(watcher.checkpoint(at: MediaTime(seconds)))
            return try #require(BackgroundCheckpoint(data: try checkpoint.data()))
        }
    }

    /// A bag that is put down at 20 s, seen until `end`.
    private func before(until end: Double) throws -> Run {
        var run = Run()
        try run.look(0...18, bag: false)
        try run.look(20...end, bag: true)
        return run
    }

    @Test func `a checkpoint comes back as it was`() throws {
        let run = try before(until: 60)
        let kept = try run.kept(at: 60)
        #expect(kept == run.watcher.checkpoint(at: MediaTime(60)))
        #expect(kept.objects.map(\.isThing) == [true])
        #expect(try kept.data().count < 250_000)
        #expect(BackgroundCheckpoint(data: try kept.data().dropLast(1000)) == nil)
    }

    @Test(arguments: [1, 0.7, 1.25]) func `a pending dwell goes on and opens in time`(gain: Double) throws {
        // Killed at minute 4 of 5; what was kept is three minutes old then.
        let kept = try before(until: 80).kept(at: 80)
        var second = Run(restored: kept)
        try second.look(260...340, bag: true, gain: gain)
        #expect(second.watcher.restoration == .taken)
        let opened = try #require(second.changes.first)
        #expect(second.changes.count == 1)
        #expect(abs(opened.firstSeen.seconds - 20) <= 2)
        #expect(abs(opened.confirmed.seconds - 320) <= 4)
    }

    @Test func `an open incident is neither opened again nor closed while the bag lies there`() throws {
        let first = try before(until: 330)
        let open = first.book.open
        #expect(open.count == 1)
        var second = Run(restored: try first.kept(at: 330), open: open)
        try second.look(360...440, bag: true)
        #expect(second.changes.isEmpty)
        #expect(second.book.open.map(\.id) == open.map(\.id))
        try second.look(442...460, bag: false)
        #expect(second.changes.map(\.state) == [.closed])
    }

    @Test func `a bag that was taken away during the restart is closed`() throws {
        let first = try before(until: 330)
        var second = Run(restored: try first.kept(at: 330), open: first.book.open)
        try second.look(360...390, bag: false)
        #expect(second.changes.map(\.state) == [.closed])
        #expect(second.changes.map(\.id) == first.book.open.map(\.id))
        #expect(second.watcher.lying.isEmpty)
    }

    @Test func `what is put down during the restart counts from the first look`() throws {
        var first = Run()
        try first.look(0...30, bag: false)
        var second = Run(restored: try first.kept(at: 30))
        try second.look(60...400, bag: true)
        let opened = try #require(second.changes.first)
        #expect(second.changes.count == 1)
        #expect(abs(opened.firstSeen.seconds - 60) <= 2)
    }

    @Test func `another view is refused, and what is too old`() throws {
        let kept = try before(until: 60).kept(at: 60)
        var turned = Run(restored: kept)
        try turned.look(90...110, bag: false, turned: 0.04)
        #expect(turned.watcher.restoration == .refused(.otherView))
        #expect(turned.watcher.lying.isEmpty)
        var late = Run(restored: kept)
        try late.look(7300...7310, bag: true)
        #expect(late.watcher.restoration == .refused(.tooOld))
    }

    @Test func `runs of bytes come back, and damaged ones do not`() {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<200 {
            let count = Int.random(in: 0...900, using: &random)
            var values: [UInt8] = []
            while values.count < count {
                values += repeatElement(
                    UInt8.random(in: 0...255, using: &random), count: Int.random(in: 1...300, using: &random))
            }
            let runs = RunLengths.encode(values)
            #expect(RunLengths.decode(runs, count: values.count) == values)
            #expect(RunLengths.decode(runs, count: values.count + 1) == nil)
            if !runs.isEmpty { #expect(RunLengths.decode(runs.dropLast(), count: values.count) == nil) }
        }
    }
}
