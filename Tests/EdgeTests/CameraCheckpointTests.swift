import Analytics
import Domain
import Foundation
import Logging
import TestSupport
import Testing

@testable import Contract
@testable import Edge
@testable import Pipeline
@testable import Store

/// What clocks that were set do to a dwell over a restart: nothing, as long as the machine runs.
@Suite struct CameraCheckpointTests {
    private static let box = Box(x: 0.3, y: 0.4, width: 0.3, height: 0.3)
    private static let before = HostClocks(date: 1_790_000_000, boot: "a", sinceBoot: 5000)

    private static func later(_ seconds: Double, step: Double, boot: String? = "a") -> HostClocks {
        HostClocks(
            date: before.date + seconds + step, boot: boot, sinceBoot: boot == "a" ? before.sinceBoot + seconds : 3)
    }

    /// A van stands for 200 s, the daemon is killed, and starts again `seconds` later: since when does the van stand?
    ///
    /// - Parameter set: by how much the clock was set while the first run was under way.
    private func dwell(
        after seconds: Double, step: Double, set: Double = 0, boot: String? = "a", withMoment: Bool = true
    ) throws -> Double? {
        let street = Street()
        let van = Street.Thing(.truck, Self.box)
        let folder = try TemporaryFolder()
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        let began = Self.before.date - 200 + set
        var tracker = StationaryObjectTracker()
        for second in stride(from: 0.0, through: 200, by: 2) {
            _ = tracker.update(with: street.scene(at: began + second, [van]))
        }
        let watch = WatchCheckpoint(time: MediaTime(began + 200), tracker: tracker, rules: RuleSet([]))
        if withMoment {
            try outbox.save(
                watch: watch, at: MomentOfRecord(MediaTime(began + 200), on: Self.before), camera: "cam-01")
        }
        var checkpoint = try CameraCheckpoint(of: "cam-01", in: outbox, logger: Logger(label: "test"))
        if !withMoment { checkpoint.watch = watch }
        #expect(checkpoint.watch?.stationary.count == 1)
        let begin = checkpoint.begin(on: Self.later(seconds, step: step, boot: boot))
        var again = StationaryObjectTracker(restored: checkpoint.watch)
        _ = again.update(with: street.scene(at: begin.seconds, [van]))
        return again.stationary.first.map { begin - $0.since }
    }

    @Test(arguments: [0.0, 3600, -3600, 240, -240, 40_000_000])
    func `a clock that was set changes no pending dwell over a restart`(step: Double) throws {
        // Set between the runs, and set while the first one was under way.
        #expect(try dwell(after: 30, step: step) == 230)
        #expect(try dwell(after: 30, step: 0, set: step) == 230)
    }

    @Test func `a pause that is too long is too long, whatever the clock says`() throws {
        for step in [0.0, -3600] { #expect(try dwell(after: 400, step: step) == 0) }
    }

    @Test func `after a restart of the machine the date tells how long it was`() throws {
        #expect(try dwell(after: 90, step: 0, boot: "b") == 290)
        // A date that went backwards is no reason to open early, nor to lose the dwell.
        #expect(try dwell(after: 90, step: -3600, boot: "b") == 200)
        #expect(try dwell(after: 90, step: 3600, boot: "b") == 0)
        // The kernel tells no id.
        #expect(try dwell(after: 90, step: 0, boot: nil) == 290)
        // The timeline of the first run began with a wrong date.
        #expect(try dwell(after: 90, step: 0, set: -40_000_000, boot: "b") == 290)
    }

    @Test func `what an older version kept is judged by the date`() throws {
        #expect(try dwell(after: 60, step: 0, withMoment: false) == 260)
        #expect(try dwell(after: 60, step: -3600, withMoment: false) == 200)
    }

    @Test func `what waits for the disk is newer than what is on it`() throws {
        let folder = try TemporaryFolder()
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        func incident() -> Incident {
            Incident(
                id: UUIDv7.make(), kind: .illegalParking, camera: "cam-01", zone: "z", firstSeen: MediaTime(0),
                confirmed: MediaTime(300), lastSeen: MediaTime(300), threshold: 300,
                object: .init(objectClass: .car, confidence: 0.7, box: Self.box))
        }
        let (kept, over, new) = (incident(), incident(), incident())
        for incident in [kept, over] {
            try outbox.append(incident) { incident, sequence in
                AlertMessage(
                    sequence: sequence, id: UUIDv7.make(), subject: incident.id, topic: "t", openTopic: "o",
                    isOpen: true, payload: [])
            }
        }
        var closed = over
        closed.state = .closed
        closed.revision += 1
        let checkpoint = try CameraCheckpoint(
            of: "cam-01", in: outbox, unwritten: [closed, new], logger: Logger(label: "test"))
        #expect(checkpoint.incidents.map(\.id) == [kept.id, new.id])
    }

    /// Something with edges that are no other's.
    private static func view(_ seed: Int) throws -> ViewCheckpoint {
        let street = Street().scene(
            at: 0,
            (0..<6).map {
                .init(
                    .car, Box(x: Double($0 % 3) * 0.33, y: Double($0 / 3) * 0.5, width: 0.28, height: 0.4),
                    look: seed + $0)
            })
        return try #require(ViewCheckpoint(street.picture))
    }

    @Test func `each preset has a memory of its own, and a camera that is forgotten has none`() throws {
        let folder = try TemporaryFolder()
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        let moment = MomentOfRecord(MediaTime(100), on: Self.before)
        let watch = { WatchCheckpoint(time: MediaTime($0), tracker: StationaryObjectTracker(), rules: RuleSet([])) }
        for (preset, time) in [("gate", 90.0), ("yard", 100)] {
            let view = try Self.view(time == 90 ? 1 : 40)
            try outbox.commit(
                LookCommit(
                    camera: "cam-01", checkpoint: .init(preset: preset, watch: watch(time), view: view, moment: moment))
            )
        }
        let checkpoint = try CameraCheckpoint(
            of: "cam-01", presets: ["gate", "yard", "new"], in: outbox, logger: Logger(label: "test"))
        #expect(checkpoint.watch == nil && checkpoint.view == nil)
        #expect(checkpoint.presets["gate"]?.watch?.time == MediaTime(90))
        #expect(checkpoint.presets["gate"]?.view == (try Self.view(1)))
        #expect(checkpoint.presets["yard"]?.view == (try Self.view(40)))
        #expect(checkpoint.presets["new"]?.view == nil)
        #expect(checkpoint.begin(on: Self.before) == MediaTime(100))
        // A camera whose id begins alike is another one.
        try outbox.save(watch: watch(1), at: moment, camera: "cam-012")
        try outbox.save(watch: nil, at: moment, camera: "cam-01")
        #expect(try outbox.watch(camera: "cam-01/gate") == nil)
        #expect(try outbox.watch(camera: "cam-012") != nil)
    }

    @Test func `a view that is damaged is learnt anew`() throws {
        let folder = try TemporaryFolder()
        let view = try Self.view(1)
        let data = try view.data()
        #expect(ViewCheckpoint(data: data) == view)
        #expect(ViewCheckpoint(data: data.dropLast(40)) == nil && ViewCheckpoint(data: Data()) == nil)
        // A place outside the picture.
        var plist = try #require(
            try PropertyListSerialization.propertyList(from: data, format: nil) as? [String: Any])
        plist["height"] = 10
        let wrong = try PropertyListSerialization.data(fromPropertyList: plist, format: .binary, options: 0)
        #expect(ViewCheckpoint(data: wrong) == nil)
        let outbox = try Outbox(file: folder.file("outbox.sqlite"))
        try outbox.save(view, camera: "cam-01")
        #expect(try CameraCheckpoint(of: "cam-01", in: outbox, logger: Logger(label: "test")).view == view)
    }

    @Test func `zones that are drawn anew were drawn on another view, whatever else changes`() throws {
        func zone(_ id: String, _ x: Double) -> WatchedZone {
            let corners = [(x, 0.1), (0.9, 0.1), (0.5, 0.9)].map { Point(x: $0.0, y: $0.1) }
            return WatchedZone(zone: Zone(id: id, name: "", polygon: Polygon(corners)), rules: ZoneRules())
        }
        let drawn = [zone("a", 0.1), zone("b", 0.2)].drawing(on: nil)
        #expect([zone("c", 0.2), zone("a", 0.1)].drawing(on: nil) == drawn)
        #expect([zone("a", 0.1), zone("b", 0.201)].drawing(on: nil) != drawn)
        #expect([zone("a", 0.1)].drawing(on: nil) != drawn)
        let picture = try #require(GreyImage(width: 2, height: 1, pixels: [1, 2]))
        let preset = CameraPreset(id: "gate", picture: picture)
        #expect([zone("a", 0.1)].drawing(on: preset) != [zone("a", 0.1)].drawing(on: nil))
    }

    @Test func `where nothing goes on the timeline begins with the date`() throws {
        var checkpoint = CameraCheckpoint()
        checkpoint.moment = MomentOfRecord(MediaTime(7), on: Self.before)
        #expect(checkpoint.begin(on: Self.later(60, step: 3600)) == MediaTime(Self.before.date + 3660))
    }

    @Test(arguments: 0..<200) func `in the same boot no step of the clock makes a thing younger or older`(
        seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed)
        let seconds = Double.random(in: 0...7200, using: &random)
        let step = Double.random(in: -1e6...1e6, using: &random)
        let moment = MomentOfRecord(MediaTime(.random(in: 0...2e9, using: &random)), on: Self.before)
        #expect(abs(moment.time(on: Self.later(seconds, step: step)) - moment.time - seconds) < 1e-5)
        // Never backwards, even after a restart of the machine.
        #expect(moment.time(on: Self.later(seconds, step: step, boot: "b")) >= moment.time)
    }

    @Test func `this machine tells its clocks`() {
        let (first, second) = (HostClocks.now, HostClocks.now)
        #expect(first.boot?.count == 36 && first.boot == second.boot)
        #expect(first.sinceBoot > 0 && second.sinceBoot >= first.sinceBoot)
        #expect(abs(first.date - Date().timeIntervalSince1970) < 60)
    }
}
