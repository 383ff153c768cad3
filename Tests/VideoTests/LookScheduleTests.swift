import TestSupport
import Testing

@testable import Video

@Suite struct LookScheduleTests {
    /// For checks, which change no value.
    private final class Schedule {
        private var schedule: LookSchedule

        init(places: Int) { schedule = LookSchedule(places: places) }

        var taken: Int { schedule.taken }
        func ask(_ request: LookSchedule.Request, at now: Double) -> Bool { schedule.ask(request, at: now) }
        func end(at now: Double) -> UInt64? { schedule.end(at: now) }
        func giveUp(_ id: UInt64, at now: Double) -> Bool { schedule.giveUp(id, at: now) }
        func load(at now: Double) -> LookSchedule.Load { schedule.load(at: now) }
    }

    private func request(_ id: UInt64, _ deadline: Double, limit: Double? = nil, isPressing: Bool = true)
        -> LookSchedule.Request
    {
        .init(id: id, deadline: deadline, limit: limit ?? deadline + 2, isPressing: isPressing)
    }

    @Test func `whose promise ends first is next, and of two that end together who came first`() {
        let schedule = Schedule(places: 1)
        #expect(schedule.ask(request(1, 50), at: 0))
        for (id, deadline) in [(2, 9), (3, 4), (4, 9), (5, 7)] as [(UInt64, Double)] {
            #expect(!schedule.ask(request(id, deadline), at: 0))
        }
        #expect((0..<5).map { _ in schedule.end(at: 1) } == [3, 5, 2, 4, nil])
        #expect(schedule.taken == 0)
    }

    @Test func `who gives up is not named, and who has got a place in the meantime keeps it`() {
        let schedule = Schedule(places: 1)
        #expect(schedule.ask(request(1, 1), at: 0))
        #expect(!schedule.ask(request(2, 2), at: 0) && !schedule.ask(request(3, 3), at: 0))
        #expect(schedule.giveUp(2, at: 1))
        #expect(schedule.end(at: 1) == 3)
        #expect(!schedule.giveUp(3, at: 1))
        #expect(schedule.end(at: 2) == nil)
    }

    @Test func `a look is late where its limit has passed before it had a place, or it had none`() {
        let schedule = Schedule(places: 1)
        #expect(schedule.ask(request(1, 1, limit: 3), at: 0))
        for id in 2...4 as ClosedRange<UInt64> { #expect(!schedule.ask(request(id, Double(id), limit: 5), at: 0)) }
        #expect(!schedule.ask(request(9, 100, isPressing: false), at: 0))
        #expect(schedule.end(at: 4) == 2)
        #expect(schedule.end(at: 6) == 3)
        #expect(schedule.giveUp(4, at: 6) && schedule.giveUp(9, at: 6))
        let load = schedule.load(at: 8)
        #expect((load.pressing, load.late, load.declined) == (4, 2, 1))
        #expect(load.busy == 8)
    }

    /// The law of earliest deadline first: looks that all fit into their time keep their deadlines.
    @Test(arguments: 1...8) func `cameras that can be served together all keep their promises`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let places = Int.random(in: 1...3, using: &random)
        var cameras: [(next: Double, promise: Double, length: Double)] = []
        var load = 0.0
        while load < 0.8 * Double(places) {
            let promise = Double.random(in: 2...20, using: &random)
            let length = Double.random(in: 0.02...0.08, using: &random)
            load += length / promise
            cameras.append((Double.random(in: 0...promise, using: &random), promise, length))
        }
        let schedule = Schedule(places: places)
        var ends: [(at: Double, camera: Int)] = []
        var late = 0
        func begin(_ camera: Int, _ now: Double) { ends.append((now + cameras[camera].length, camera)) }
        while true {
            let asking = cameras.indices.min { cameras[$0].next < cameras[$1].next } ?? 0
            if let end = ends.min(by: { $0.at < $1.at }), end.at <= cameras[asking].next {
                ends.removeAll { $0.camera == end.camera }
                if let next = schedule.end(at: end.at) { begin(Int(next) % 10_000, end.at) }
                continue
            }
            let now = cameras[asking].next
            guard now < 300 else { break }
            cameras[asking].next += cameras[asking].promise
            let id = UInt64(now * 100) * 10_000 + UInt64(asking)
            // It asks a key frame before its promise ends.
            if schedule.ask(.init(id: id, deadline: now + 1, limit: now + 1, isPressing: true), at: now) {
                begin(asking, now)
            }
            late = schedule.load(at: now).late
        }
        #expect(late == 0)
        #expect(schedule.load(at: 300).pressing > 300)
    }
}
