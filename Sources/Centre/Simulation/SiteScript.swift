import Domain
import Foundation

/// What befalls one site, second by second; all of it follows from the seed.
struct SiteScript: Sendable {
    enum Event: Sendable, Hashable {
        /// An incident of this number, at a camera. Twins have a number of their own.
        case open(Int, camera: Int, kind: Int, twin: Int?)
        case update(Int)
        case clear(Int)
        /// A grid worker's word on the console of the site.
        case review(Int, Verdict)
        case outage(seconds: Double)
        case restart
        case loseStore
        case drop(Int)
        case fault(camera: Int, seconds: Double)
    }

    let events: [(at: Double, event: Event)]
    /// Seconds by which the site's clock is ahead.
    let clock: Double

    /// Parts of the seed, so that more of one thing changes nothing of another.
    private enum Part {
        static let incidents: UInt64 = 11
        static let troubles: UInt64 = 12
        static let twins: UInt64 = 13
        static let clocks: UInt64 = 14
    }

    init(_ simulation: Simulation, site: Int) {
        var clocks = SplitMix64(seed: simulation.seed, part: site, Part.clocks)
        let isWrong = Double.random(in: 0..<1, using: &clocks) < simulation.troubles.wrongClocks
        clock = isWrong ? Double.random(in: -86_400...86_400, using: &clocks).rounded() : 0
        var events = Self.incidents(simulation, site)
        events += Self.twins(simulation, site)
        events += Self.troubles(simulation, site)
        // The order of what is told for one moment is that in which it was made.
        self.events = events.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }
            .map { (at: $0.element.0, event: $0.element.1) }
    }

    /// One message in each slot of time: an incident begins, goes on, ends, or is judged.
    private static func incidents(_ simulation: Simulation, _ site: Int) -> [(Double, Event)] {
        var random = SplitMix64(seed: simulation.seed, part: site, Part.incidents)
        var (events, open, next): ([(Double, Event)], [Int], Int) = ([], [], 0)
        let count = Int((simulation.rate * simulation.duration).rounded())
        for slot in 0..<count {
            let at = (Double(slot) + Double.random(in: 0..<1, using: &random)) / simulation.rate
            let choice = Double.random(in: 0..<1, using: &random)
            let camera = Int.random(in: 0..<max(1, simulation.cameras), using: &random)
            let kind = Int.random(in: 0..<SimulatedKinds.count, using: &random)
            let chosen = open.isEmpty ? nil : Int.random(in: 0..<open.count, using: &random)
            let verdict = Verdict.allCases[Int.random(in: 0..<Verdict.allCases.count, using: &random)]
            guard let chosen, open.count < 50 || choice > 0.4, choice > 0.3 else {
                events.append((at, .open(next, camera: camera, kind: kind, twin: nil)))
                open.append(next)
                next += 1
                continue
            }
            let incident = open[chosen]
            if choice > 1 - simulation.reviews {
                events.append((at, .review(incident, verdict)))
                if verdict != .confirmed { open.remove(at: chosen) }
            } else if choice > 0.62 {
                events.append((at, .clear(incident)))
                open.remove(at: chosen)
            } else {
                events.append((at, .update(incident)))
            }
        }
        return events
    }

    /// What two sites see at their common place, at the same time but for some seconds.
    private static func twins(_ simulation: Simulation, _ site: Int) -> [(Double, Event)] {
        guard simulation.twins > 0, site | 1 < simulation.sites else { return [] }
        var random = SplitMix64(seed: simulation.seed, part: site / 2, Part.twins)
        let count = Int((simulation.rate * simulation.duration * simulation.twins / 2).rounded(.up))
        let span = simulation.duration / Double(count)
        return (0..<count).flatMap { twin -> [(Double, Event)] in
            let begin = span * (Double(twin) + Double.random(in: 0..<0.2, using: &random))
            let late = Double.random(in: 0..<0.1, using: &random) * span
            let end = span * (Double(twin) + Double.random(in: 0.5..<0.8, using: &random))
            let number = 1_000_000 + twin
            let lag = site.isMultiple(of: 2) ? 0 : late
            return [
                (begin + lag, .open(number, camera: 0, kind: 0, twin: twin)), (end + lag, .clear(number)),
            ]
        }
    }

    private static func troubles(_ simulation: Simulation, _ site: Int) -> [(Double, Event)] {
        var random = SplitMix64(seed: simulation.seed, part: site, Part.troubles)
        let troubles = simulation.troubles
        func times(_ rate: Double) -> [Double] {
            var (at, times) = (0.0, [Double]())
            guard rate > 0 else { return [] }
            while true {
                at -= log(1 - Double.random(in: 0..<1, using: &random)) * 3600 / rate
                guard at < simulation.duration else { return times }
                times.append(at)
            }
        }
        var events: [(Double, Event)] = []
        for at in times(troubles.outages) {
            events.append((at, .outage(seconds: Double.random(in: 5...40, using: &random))))
        }
        for at in times(troubles.restarts) { events.append((at, .restart)) }
        for at in times(troubles.lostStores) { events.append((at, .loseStore)) }
        for at in times(troubles.drops) { events.append((at, .drop(Int.random(in: 1...5, using: &random)))) }
        for at in times(troubles.faults) {
            let camera = Int.random(in: 0..<max(1, simulation.cameras), using: &random)
            events.append((at, .fault(camera: camera, seconds: Double.random(in: 3...30, using: &random))))
        }
        return events
    }
}

/// The kinds that simulated cameras see.
enum SimulatedKinds {
    private static let all: [(kind: String, object: ObjectClass, surface: Zone.Surface)] = [
        ("parking.motor", .car, .carriageway), ("env.garbage_exposed", .object, .pavement),
        ("vending.occupy_road", .stall, .pavement), ("parking.fire_lane", .car, .carriageway),
    ]
    static var count: Int { all.count }

    static func kind(_ index: Int) -> (kind: AlertKind, object: ObjectClass, surface: Zone.Surface) {
        let kind = all[index % all.count]
        return (AlertKind(rawValue: kind.kind), kind.object, kind.surface)
    }
}
