public import Contract
import Domain
import Foundation
import Store

/// What a dialect has told: which incidents are open for its receivers, and how many of each rule there were.
///
/// Pure. Each incident begins once and ends once, whatever comes again, is missing, or is told of it after its end.
public struct DialectBook: Sendable {
    /// A kind that is watched in a zone.
    public struct Rule: Hashable, Sendable {
        public var camera: String
        public var zone: String
        /// With its dot.
        public var kind: String

        public init(camera: String, zone: String, kind: String) {
            self.camera = camera
            self.zone = zone
            self.kind = kind
        }

        init(_ event: AlertEvent) {
            self.init(camera: event.data.camera.id, zone: event.data.zone.id, kind: event.data.kind)
        }

        /// The kind as one level of a topic, which some brokers allow no dot in.
        var kindLevel: String { kind.replacing(".", with: "_") }
    }

    struct Total: Sendable {
        var opened = 0
        /// RFC 3339.
        var changed: String
    }

    /// The newest message of each open incident, by its id.
    private var open: [String: AlertEvent] = [:]
    private var totals: [Rule: Total] = [:]

    public init() {}

    /// As the store has it. What cannot be read was written by a later version, and is left out.
    init(_ state: DialectState) {
        for payload in state.told {
            if let event = try? AlertEvent(json: Data(payload)) { open[event.subject] = event }
        }
        for total in state.totals {
            totals[Rule(camera: total.camera, zone: total.zone, kind: total.kind)] = Total(
                opened: total.opened, changed: total.changed)
        }
    }

    /// The state of one rule.
    public func state(of rule: Rule) -> RuleState {
        let events = open.values.filter { Rule($0) == rule }
        return RuleState(
            rule: rule,
            open: events.sorted { ($0.data.observed.firstSeen, $0.subject) < ($1.data.observed.firstSeen, $1.subject) },
            opened: totals[rule]?.opened ?? 0, changed: totals[rule]?.changed)
    }

    /// Takes in a message about an incident.
    ///
    /// - Returns: what it changes; nil where the incident is over for the receivers.
    public mutating func take(_ event: AlertEvent) -> IncidentChange? {
        let before = open[event.subject]
        let step: IncidentChange.Step
        switch (before != nil, event.data.incident.isOpen) {
        case (false, true): step = .opens
        case (true, true): step = .updates
        case (true, false): step = .ends
        case (false, false): return nil
        }
        let rule = Rule(event)
        open[event.subject] = step == .ends ? nil : event
        var total = totals[rule] ?? Total(changed: event.time)
        if step == .opens { total.opened += 1 }
        total.changed = event.time
        totals[rule] = total
        return IncidentChange(step: step, event: event, before: before, rule: state(of: rule))
    }

    /// The incident's end could not be told, and never can.
    mutating func forget(_ incident: String) { open[incident] = nil }

    /// The last message of an incident that is open here.
    func event(of incident: String) -> AlertEvent? { open[incident] }
}

/// What is open of one rule.
public struct RuleState: Sendable, Hashable {
    public var rule: DialectBook.Rule
    /// The newest message of each, the one that has been seen longest first.
    public var open: [AlertEvent]
    /// How many there have been since the dialect is told.
    public var opened: Int
    /// When a change was last told, RFC 3339; nil before the first.
    public var changed: String?
}

/// What a message changes.
public struct IncidentChange: Sendable, Hashable {
    public enum Step: Sendable, Hashable { case opens, updates, ends }

    public var step: Step
    public var event: AlertEvent
    /// The message that was told before; nil with `opens`.
    public var before: AlertEvent?
    /// The incident's rule, after it.
    public var rule: RuleState
}

extension AlertEvent {
    /// The same incident, over: its last message never came.
    ///
    /// - Parameters:
    ///   - last: its state; nil where that is not known any more.
    ///   - date: of the end where nobody knows better.
    func ended(_ last: Domain.Incident?, at date: Date) -> AlertEvent {
        var event = self
        let time = RFC3339.string(from: date, in: RFC3339.timeZone(of: time) ?? .gmt)
        event.data.incident.state = last.map(\.state.rawValue) ?? Domain.Incident.State.closed.rawValue
        event.data.incident.revision = last?.revision ?? data.incident.revision + 1
        event.data.incident.review = last?.review?.rawValue ?? data.incident.review
        event.data.incident.reason = last?.closeReason?.rawValue ?? last?.review?.rawValue
        event.data.observed.closed = time
        event.time = time
        event.type = "gridwarden.incident.\(event.data.incident.state).v1"
        return event
    }
}
