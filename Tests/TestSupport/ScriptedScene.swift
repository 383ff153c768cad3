public import Analytics
import Domain

/// A camera's scene of which everything is known: vehicles that come, stand and leave in six places of a street, by a
/// seed. One look is one second.
public struct ScriptedScene: Sendable {
    /// One vehicle, in looks.
    public struct Vehicle: Sendable, Hashable {
        public let name: String
        public let slot: Int
        public let number: Int
        public let arrival: Int
        /// The first look without it.
        public let departure: Int

        /// The look that opens its incident.
        public var confirmed: Int { arrival + ScriptedScene.threshold }
        public var zone: String { "slot-\(slot)" }
        var place: Int { slot * 1_000_000 + number }
        /// Neighbours in time never share a place: else a restart between them could not tell them apart.
        var box: Box {
            Box(x: Double(number % 8) * 0.12, y: Double(slot) * 0.15, width: 0.1, height: 0.1)
        }
    }

    public static let slots = 6
    /// Looks after which a vehicle that stands is an incident.
    public static let threshold = 10

    private var lanes: [[Vehicle]] = Array(repeating: [], count: slots)
    private var random: SeededGenerator

    public init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// All that arrive before or at `look`, in the order of their slots.
    public mutating func vehicles(through look: Int) -> [Vehicle] {
        extend(to: look)
        return lanes.flatMap { $0.filter { $0.arrival <= look } }
    }

    /// What a rule would say of this look.
    ///
    /// - Parameter seen: what this process has spoken of before; a rule says only of those that they have gone.
    public mutating func findings(at look: Int, seen: inout Set<Vehicle>) -> [Finding] {
        extend(to: look)
        var findings: [Finding] = []
        for lane in lanes {
            guard let vehicle = lane.last(where: { $0.arrival <= look }) else { continue }
            if look < vehicle.departure {
                seen.insert(vehicle)
                let isHidden = look > vehicle.confirmed && (look + vehicle.number).isMultiple(of: 5)
                let phase: Finding.Phase = look < vehicle.confirmed ? .pending : isHidden ? .hidden : .standing
                findings.append(finding(vehicle, phase, lastSeen: isHidden ? look - 1 : look))
            } else if seen.remove(vehicle) != nil {
                findings.append(
                    finding(vehicle, .ended(at: MediaTime(Double(look))), lastSeen: vehicle.departure - 1))
            }
        }
        return findings
    }

    private func finding(_ vehicle: Vehicle, _ phase: Finding.Phase, lastSeen: Int) -> Finding {
        Finding(
            kind: .illegalParking, zone: vehicle.zone, place: vehicle.place, phase: phase,
            firstSeen: MediaTime(Double(vehicle.arrival)), lastSeen: MediaTime(Double(lastSeen)),
            threshold: Double(Self.threshold), object: .init(objectClass: .car, confidence: 0.7, box: vehicle.box),
            why: [.init(at: MediaTime(Double(vehicle.arrival)), what: vehicle.name)])
    }

    private mutating func extend(to look: Int) {
        func end(_ slot: Int) -> Int { lanes[slot].last?.departure ?? 0 }
        // Always the slot that ends first: the same seed gives the same scene however far it is asked for.
        while let slot = lanes.indices.min(by: { (end($0), $0) < (end($1), $1) }), end(slot) <= look {
            let arrival = end(slot) + Int.random(in: 2...20, using: &random)
            let number = lanes[slot].count
            lanes[slot].append(
                Vehicle(
                    name: "vehicle \(slot)-\(number)", slot: slot, number: number, arrival: arrival,
                    departure: arrival + Self.threshold + Int.random(in: 3...60, using: &random)))
        }
    }
}
