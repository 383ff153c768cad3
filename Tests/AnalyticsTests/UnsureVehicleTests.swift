import Analytics
import Domain
import Foundation
import TestSupport
import Testing

/// Vehicles for which only hints speak: scores too low for a detection.
@Suite struct UnsureVehicleTests {
    private static let place = Box(x: 0.4, y: 0.4, width: 0.2, height: 0.2)
    private static let hint = Detection(objectClass: .car, score: 0.07, box: place)

    private struct Watch {
        var tracker = StationaryObjectTracker()
        private var rules: RuleSet
        private var book = IncidentBook(camera: "c") { _ in UUID() }
        private(set) var changes: [Incident] = []

        init() {
            let corners = [(0.0, 0.3), (1, 0.3), (1, 0.9), (0, 0.9)].map { Point(x: $0.0, y: $0.1) }
            let zone = Zone(id: "z", name: "", polygon: Polygon(corners))
            rules = RuleSet([IllegalParking(zone: zone, settings: ParkingSettings(dwell: 20))])
        }

        /// A look in which the car stands there, if it does, and what the network says of the place.
        mutating func look(
            at seconds: Double, hasCar: Bool, hint: Bool, score: Double? = nil, unasked: [Box] = [],
            change: (inout Street.Canvas) -> Void = { _ in }
        ) {
            let car = Street.Thing(.car, UnsureVehicleTests.place, score: score ?? 0, isDetected: score != nil)
            let seen = Street(isTextured: true).scene(at: seconds, hasCar ? [car] : [], change: change)
            var scene = Scene(
                time: seen.time, date: seen.date, detections: seen.detections, picture: seen.picture,
                chroma: seen.chroma, unasked: unasked)
            if hint { scene.hints = [UnsureVehicleTests.hint] }
            let ended = tracker.update(with: scene)
            let look = Observation(
                scene: scene, stationary: tracker.stationary, unsure: tracker.unsure, ended: ended)
            changes += book.advance(rules.evaluate(look), at: scene.time)
        }

        var opened: [Incident] { changes.filter { $0.state == .opened } }
    }

    @Test func `a car that the network doubts is told where it came and stands, and ends when it leaves`() throws {
        var watch = Watch()
        for seconds in stride(from: 0.0, through: 60, by: 2) {
            let isThere = 10..<50 ~= seconds
            watch.look(at: seconds, hasCar: isThere, hint: isThere)
        }
        let opened = try #require(watch.opened.first)
        #expect(watch.opened.count == 1)
        #expect(opened.firstSeen == MediaTime(10) && opened.confirmed == MediaTime(30))
        #expect(opened.object.confidence < 0.1)
        #expect(opened.why.allSatisfy { $0.zh?.isEmpty == false })
        #expect(watch.changes.last?.state == .closed && watch.changes.last?.closed == MediaTime(50))
    }

    /// Each is dark before and bright behind: a look correlates with the one before by about 0.75.
    @Test func `lorries that pass one after the other are none that stands`() {
        var watch = Watch()
        for seconds in stride(from: 0.0, through: 60, by: 2) {
            watch.look(at: seconds, hasCar: false, hint: seconds >= 10) { canvas in
                guard seconds >= 10 else { return }
                let middle = Self.place.centre.x * Double(Street.width)
                canvas.relight(Self.place) { x, y, _ in
                    Double((Double(x) < middle ? 70 : 190) + Street.noise(x / 6, y / 6, Int(seconds)) % 121 - 60)
                }
            }
        }
        #expect(watch.changes.isEmpty)
    }

    @Test func `it is none of the vehicles that hide places and stand beside stalls`() {
        var watch = Watch()
        for seconds in stride(from: 0.0, through: 20, by: 2) {
            watch.look(at: seconds, hasCar: seconds >= 10, hint: seconds >= 10)
        }
        #expect(watch.tracker.unsure.map(\.since.seconds) == [10])
        #expect(watch.tracker.stationary.isEmpty)
    }

    @Test func `one look that is sure of it makes a doubted car no worse`() throws {
        var watch = Watch()
        for seconds in stride(from: 0.0, through: 60, by: 2) {
            let isThere = 10..<50 ~= seconds
            watch.look(at: seconds, hasCar: isThere, hint: isThere && seconds != 14, score: seconds == 14 ? 0.4 : nil)
        }
        #expect(watch.opened.map(\.confirmed) == [MediaTime(30)])
        #expect(watch.opened.first?.why.contains { $0.what.contains("is not sure of it") } == true)
        #expect(watch.changes.last?.closed == MediaTime(50))
    }

    @Test func `a car that is detected as it comes and doubted from then on is told`() {
        var watch = Watch()
        for seconds in stride(from: 0.0, through: 60, by: 2) {
            watch.look(at: seconds, hasCar: seconds >= 10, hint: seconds > 10, score: seconds == 10 ? 0.4 : nil)
        }
        #expect(watch.opened.map(\.confirmed) == [MediaTime(30)])
    }

    @Test func `a thing that was not seen to come and is mostly doubted is none`() {
        var watch = Watch()
        for seconds in stride(from: 0.0, through: 60, by: 2) {
            watch.look(at: seconds, hasCar: true, hint: seconds != 14, score: seconds == 14 ? 0.4 : nil)
        }
        #expect(watch.opened.isEmpty)
    }

    @Test func `what was there in the first picture, or hinted at before anything came, is none`() {
        var (first, hinted) = (Watch(), Watch())
        for seconds in stride(from: 0.0, through: 60, by: 2) {
            first.look(at: seconds, hasCar: true, hint: seconds >= 30)
            hinted.look(at: seconds, hasCar: seconds >= 10, hint: true)
        }
        #expect(first.opened.isEmpty && hinted.opened.isEmpty)
        #expect(first.tracker.unsure.isEmpty && hinted.tracker.unsure.isEmpty)
    }

    @Test func `a road that a column of vehicles has left is no vehicle`() {
        var watch = Watch()
        for seconds in stride(from: 0.0, through: 60, by: 2) {
            let passes = 10..<18 ~= seconds
            watch.look(at: seconds, hasCar: false, hint: seconds >= 18) { canvas in
                guard passes else { return }
                let lorry = Int(seconds)
                canvas.relight(Self.place) { x, y, _ in
                    Double(30 + ((x + lorry * 5) / 7 * 53 + (y + lorry * 3) / 5 * 31) % 190)
                }
            }
        }
        #expect(watch.opened.isEmpty && watch.tracker.unsure.isEmpty)
    }

    @Test func `a car that comes behind others is told as one that comes to an empty road`() {
        var watch = Watch()
        for seconds in stride(from: 0.0, through: 60, by: 2) {
            let passes = 10..<14 ~= seconds
            watch.look(at: seconds, hasCar: seconds >= 14, hint: seconds >= 16) { canvas in
                guard passes else { return }
                canvas.relight(Self.place.grown(by: 0.2)) { x, y, _ in
                    Double(30 + ((x + Int(seconds) * 5) / 7 * 53 + y / 5 * 31) % 190)
                }
            }
        }
        #expect(watch.opened.map(\.firstSeen) == [MediaTime(14)])
    }

    @Test func `what comes over the surroundings as well is light, a crowd or the camera`() {
        var watch = Watch()
        for seconds in stride(from: 0.0, through: 60, by: 2) {
            watch.look(at: seconds, hasCar: false, hint: seconds >= 10) { canvas in
                guard seconds >= 10 else { return }
                canvas.relight(Self.place.grown(by: 0.6)) { x, y, _ in Double(30 + (x / 7 * 53 + y / 5 * 31) % 190) }
            }
        }
        #expect(watch.opened.isEmpty && watch.tracker.unsure.isEmpty)
    }

    @Test func `a hint now and then is not enough`() {
        var watch = Watch()
        for seconds in stride(from: 0.0, through: 80, by: 2) {
            watch.look(at: seconds, hasCar: seconds >= 10, hint: seconds >= 10 && Int(seconds) % 6 == 4)
        }
        #expect(watch.opened.isEmpty)
    }

    @Test func `a look that does not search its part for small things asks about it all the same`() {
        var watch = Watch()
        for seconds in stride(from: 0.0, through: 80, by: 2) {
            // Hints come from the whole picture, and there are none in two of three looks.
            watch.look(
                at: seconds, hasCar: seconds >= 10, hint: seconds >= 10 && Int(seconds) % 6 == 4,
                unasked: Int(seconds) % 6 == 4 ? [] : [.whole])
        }
        #expect(watch.opened.isEmpty)
    }

    @Test func `a detection makes a vehicle of it, and it stays one thing`() throws {
        var watch = Watch()
        for seconds in stride(from: 0.0, through: 60, by: 2) {
            watch.look(
                at: seconds, hasCar: seconds >= 10, hint: 10..<20 ~= seconds, score: seconds >= 20 ? 0.6 : nil)
        }
        #expect(watch.tracker.unsure.isEmpty)
        #expect(watch.tracker.stationary.map(\.since.seconds) == [10])
        let opened = try #require(watch.opened.first)
        #expect(watch.opened.count == 1 && opened.confirmed == MediaTime(30))
        #expect(opened.object.confidence > 0.5)
    }
}
