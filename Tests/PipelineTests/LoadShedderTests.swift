import Analytics
import Domain
import Testing
import Video

@testable import Pipeline

@Suite struct LoadShedderTests {
    private let kinds: [AlertKind: Int] = [.illegalParking: 3, .smokeAndFire: 1, .exposedGarbage: 4, .roadVending: 4]
    /// By severity, and of equals by name.
    private var order: [AlertKind] {
        [AlertKind.exposedGarbage, .roadVending].sorted { $0.rawValue < $1.rawValue } + [.illegalParking]
    }

    /// A site that is asked for 100 looks in each reading.
    private struct Site {
        var shedder = LoadShedder()
        private var load = LookDispatcher.Load(needed: 0, late: 0)
        private(set) var now = 0.0

        mutating func run(_ seconds: Double, late: Int, _ kinds: [AlertKind: Int]) {
            for _ in 0..<Int(seconds / LoadShedder.interval) {
                now += LoadShedder.interval
                load = .init(needed: load.needed + 100, late: load.late + late)
                _ = shedder.take(load, of: kinds, at: now)
            }
        }
    }

    @Test func `the least severe kind goes first, one for each half minute of broken promises, and the last one stays`()
    {
        var site = Site()
        site.run(30, late: 50, kinds)
        #expect(site.shedder.shed.isEmpty, "the first reading is compared with nothing")
        for count in 1...3 {
            site.run(count == 1 ? 10 : 30, late: 50, kinds)
            #expect(site.shedder.shed == Array(order.prefix(count)))
        }
        site.run(600, late: 50, kinds)
        #expect(site.shedder.shed == order)
    }

    @Test func `what starts at once, or is late now and then, sheds nothing`() {
        var site = Site()
        site.run(30, late: 50, kinds)
        site.run(600, late: 4, kinds)
        #expect(site.shedder.shed.isEmpty)
    }

    @Test func `after a minute of kept promises the last kind is tried again, and more rarely where that fails`() {
        var site = Site()
        site.run(70, late: 50, kinds)
        #expect(site.shedder.shed.count == 2)
        site.run(60, late: 0, kinds)
        #expect(site.shedder.shed.count == 2)
        site.run(10, late: 0, kinds)
        #expect(site.shedder.shed == Array(order.prefix(1)))
        // Too much again: from now on two minutes.
        site.run(30, late: 50, kinds)
        #expect(site.shedder.shed.count == 2)
        site.run(120, late: 0, kinds)
        #expect(site.shedder.shed.count == 2)
        site.run(10, late: 0, kinds)
        #expect(site.shedder.shed.count == 1)
        site.run(130, late: 0, kinds)
        #expect(site.shedder.shed.isEmpty)
    }

    @Test func `a kind that nobody is watched for any more is not shed`() {
        var site = Site()
        site.run(70, late: 50, kinds)
        var fewer = kinds
        fewer[order[0]] = nil
        site.run(10, late: 50, fewer)
        #expect(site.shedder.shed == [order[1]])
    }

    @Test func `one kind alone is never shed`() {
        var site = Site()
        site.run(600, late: 100, [.illegalParking: 3])
        #expect(site.shedder.shed.isEmpty)
    }
}
