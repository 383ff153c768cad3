import Contract
import Foundation
import TestSupport

/// Compares what a subscriber received with what the scene was.
struct ChaosCheck {
    /// Incidents of the scene that were never opened, or never closed though their vehicle has gone.
    var lost: [String] = []
    /// Vehicles that were opened as more than one incident.
    var openedTwice: [String] = []
    /// Two messages under one sequence, or two sequences of one message.
    var twice: [String] = []
    /// The first arrivals are not in sequence.
    var disorder: [String] = []
    var gaps: [Int] = []
    var late: [String] = []
    /// Revisions or states that cannot follow each other, a wrong dwell, messages that are about nothing.
    var strange: [String] = []

    private(set) var messages = 0
    private(set) var incidents = 0
    /// The same message again, as at-least-once allows.
    private(set) var repeated = 0
    /// Seconds from the look that showed it to the first arrival, sorted.
    private(set) var waits: [Double] = []

    var isClean: Bool {
        lost.isEmpty && openedTwice.isEmpty && twice.isEmpty && disorder.isEmpty && gaps.isEmpty && late.isEmpty
            && strange.isEmpty
    }

    /// - Parameters:
    ///   - look: the last look that was written.
    ///   - sequence: the last sequence of the outbox.
    ///   - begun: when a look of the scene was begun.
    ///   - longestWait: seconds that a message may take after the look that showed what it tells, with every kill, full disk
    ///     and outage in between.
    init(
        _ received: [(event: AlertEvent, at: Date)], scene: ScriptedScene, through look: Int, sequence: Int,
        begun: (Int) -> Date?, longestWait: Double
    ) {
        var first: [(event: AlertEvent, at: Date)] = []
        var byID: [String: String] = [:]
        var bySequence: [String: String] = [:]
        for (event, date) in received {
            if let known = byID[event.id] {
                repeated += 1
                if known != event.sequence { twice.append("\(event.id) as \(known) and \(event.sequence)") }
                continue
            }
            if let other = bySequence[event.sequence] {
                twice.append("\(event.sequence): \(other) and \(event.id)")
            }
            byID[event.id] = event.sequence
            bySequence[event.sequence] = event.id
            if let last = first.last?.event, event.sequence < last.sequence {
                disorder.append("\(event.sequence) after \(last.sequence)")
            }
            first.append((event, date))
        }
        let once = first.map(\.event)
        messages = once.count
        let sequences = Set(once.compactMap { Int($0.sequence) })
        gaps = (1...max(1, max(sequence, sequences.max() ?? 0))).filter { !sequences.contains($0) && sequence > 0 }
        compare(once, scene, look)
        var scene = scene
        let arrivals = Dictionary(uniqueKeysWithValues: scene.vehicles(through: look).map { ($0.name, $0.arrival) })
        for (event, date) in first {
            // What is about nothing in the scene has been told already.
            guard let arrival = event.data.why.first.flatMap({ arrivals[$0.what] }) else { continue }
            let isClosed = event.data.incident.state == "closed"
            guard let due = begun(arrival + Int(event.data.observed.dwellSeconds) + (isClosed ? 1 : 0)) else {
                strange.append("\(event.sequence) tells of a look that never was")
                continue
            }
            waits.append(date.timeIntervalSince(due))
            if date.timeIntervalSince(due) > longestWait { late.append(event.sequence) }
        }
        waits.sort()
    }

    private mutating func compare(_ once: [AlertEvent], _ scene: ScriptedScene, _ look: Int) {
        var scene = scene
        let vehicles = scene.vehicles(through: look)
        let known = Set(vehicles.map(\.name))
        var incidents: [String: [AlertEvent]] = [:]
        for event in once { incidents[event.subject, default: []].append(event) }
        self.incidents = incidents.count
        var subjects: [String: [String]] = [:]
        for (subject, events) in incidents.sorted(by: { $0.key < $1.key }) {
            guard let name = events.first?.data.why.first?.what, known.contains(name) else {
                strange.append("\(subject) is about nothing in the scene")
                continue
            }
            subjects[name, default: []].append(subject)
            checkLife(subject, events)
        }
        for vehicle in vehicles where vehicle.confirmed <= look && vehicle.confirmed < vehicle.departure {
            let own = subjects[vehicle.name] ?? []
            if own.count > 1 { openedTwice.append("\(vehicle.name): \(own.joined(separator: ", "))") }
            guard let subject = own.first, let events = incidents[subject] else {
                lost.append("\(vehicle.name) was never opened")
                continue
            }
            checkDwell(vehicle, events)
            let isClosed = events.contains { $0.data.incident.state == "closed" }
            if vehicle.departure <= look, !isClosed { lost.append("\(vehicle.name) was never closed") }
            if vehicle.departure > look, isClosed { strange.append("\(vehicle.name) was closed while it stood there") }
        }
    }

    private mutating func checkLife(_ subject: String, _ events: [AlertEvent]) {
        let states = events.map(\.data.incident.state)
        let revisions = events.map(\.data.incident.revision)
        // What is closed may be told again, once its pictures are there.
        let end = states.dropFirst().drop { $0 == "updated" }
        if states.first != "opened" || end.contains(where: { $0 != "closed" }) {
            strange.append("\(subject) went \(states.joined(separator: ", "))")
        }
        if zip(revisions, revisions.dropFirst()).contains(where: { $0 >= $1 }) {
            strange.append("\(subject) has revisions \(revisions)")
        }
    }

    private mutating func checkDwell(_ vehicle: ScriptedScene.Vehicle, _ events: [AlertEvent]) {
        let most = Double(vehicle.departure - 1 - vehicle.arrival)
        for event in events {
            let dwell = event.data.observed.dwellSeconds
            let isRight =
                switch event.data.incident.state {
                case "opened": dwell == Double(ScriptedScene.threshold)
                default: dwell >= Double(ScriptedScene.threshold) && dwell <= most
                }
            if !isRight { strange.append("\(vehicle.name) \(event.data.incident.state) after \(dwell) s of \(most)") }
        }
    }

    /// When a message was made, by its id.
    static func written(_ id: String) -> Date? {
        UInt64(id.replacing("-", with: "").prefix(12), radix: 16).map {
            Date(timeIntervalSince1970: Double($0) / 1000)
        }
    }
}

extension ChaosCheck: CustomStringConvertible {
    var description: String {
        func seconds(_ share: Double) -> String {
            waits.isEmpty ? "-" : String(format: "%.2f", waits[min(waits.count - 1, Int(Double(waits.count) * share))])
        }
        let faults = [
            ("lost", lost), ("opened twice", openedTwice), ("twice", twice), ("out of order", disorder),
            ("gaps", gaps.map(String.init)), ("late", late), ("strange", strange),
        ]
        return """
            \(messages) messages of \(incidents) incidents, \(repeated) repeated by id; wait \(seconds(0.5)) s median, \
            \(seconds(0.99)) s 99th percentile, \(seconds(1)) s longest; \
            \(faults.map { "\($0.1.count) \($0.0)" }.joined(separator: ", "))
            """ + faults.flatMap { name, list in list.prefix(5).map { "\n  \(name): \($0)" } }.joined()
    }
}
