import Domain
import Foundation

/// The rules of one camera, each for one kind in one zone.
public struct RuleSet: Sendable {
    private var rules: [any Rule]
    /// The state of an earlier run, until the first look.
    private var restored: WatchCheckpoint?

    /// - Parameter restored: the state of an earlier run; its times must be of the same timeline.
    public init(_ rules: [any Rule], restored: WatchCheckpoint? = nil) {
        self.rules = rules
        self.restored = restored
    }

    /// Processes one look; returns the findings of all rules, in their order. Where a more serious kind reports an
    /// object, the lesser kinds do not.
    public mutating func evaluate(_ look: Observation) -> [Finding] {
        restore(at: look.scene.time)
        var findings: [Finding] = []
        for index in rules.indices { findings += rules[index].evaluate(look) }
        return Self.gravest(of: findings)
    }

    private struct Matter: Hashable {
        let kind: AlertKind
        let zone: String
        let place: Int
    }

    private static func gravest(of findings: [Finding]) -> [Finding] {
        var outranked = Set<Matter>()
        for finding in findings {
            for kind in Rules[finding.kind]?.outranks ?? [] {
                outranked.insert(Matter(kind: kind, zone: finding.zone, place: finding.place))
            }
        }
        guard !outranked.isEmpty else { return findings }
        return findings.filter { !outranked.contains(Matter(kind: $0.kind, zone: $0.zone, place: $0.place)) }
    }

    /// When the state that waits for the first look was written; nil after the first look.
    var waitsSince: MediaTime? { restored?.time }

    /// The ids of the reported objects.
    var reported: Set<Int> {
        if let restored { return Set(restored.reported ?? []) }
        return rules.reduce(into: []) { all, rule in
            if let rule = rule as? any RememberingRule { all.formUnion(rule.reported) }
        }
    }

    /// The state of the rules that have something in progress.
    func checkpoints(at time: MediaTime) -> [WatchCheckpoint.RuleCheckpoint] {
        if let restored { return restored.rules }
        return rules.compactMap { rule in
            guard let rule = rule as? any RememberingRule, let data = rule.checkpointData else { return nil }
            return .init(kind: rule.kind, zone: rule.zone.id, data: data)
        }
    }

    private mutating func restore(at time: MediaTime) {
        guard let restored else { return }
        self.restored = nil
        let gap = time - restored.time
        guard gap >= 0 else { return }
        for index in rules.indices {
            guard var rule = rules[index] as? any RememberingRule,
                let checkpoint = restored.rules.first(where: { $0.kind == rule.kind && $0.zone == rule.zone.id })
            else { continue }
            rule.restore(data: checkpoint.data, after: gap)
            rules[index] = rule
        }
    }
}

/// Judges one zone of one camera, look by look.
public protocol Rule: Sendable {
    /// Processes one look; returns the findings of this rule.
    mutating func evaluate(_ look: Observation) -> [Finding]
}

/// A rule that gathers evidence over many looks, and across a restart.
protocol RememberingRule: Rule {
    associatedtype Checkpoint: Codable

    var kind: AlertKind { get }
    var zone: Zone { get }
    /// The state from which a later run resumes; nil where nothing is in progress.
    var checkpoint: Checkpoint? { get }
    /// The ids of the objects that it has reported.
    var reported: Set<Int> { get }
    /// Resumes from the state of an earlier run, before the first look.
    ///
    /// - Parameter gap: seconds without looks.
    mutating func restore(_ checkpoint: Checkpoint, after gap: Double)
}

extension RememberingRule {
    /// Seconds without a look after which the state is no longer trusted; the same as for stationary objects.
    static var longestGap: Double { StationaryObjectTracker.longestRestart }

    var reported: Set<Int> { [] }

    var checkpointData: Data? { checkpoint.flatMap { try? PropertyListEncoder.binary.encode($0) } }

    /// Data that cannot be read is ignored.
    mutating func restore(data: Data, after gap: Double) {
        guard let checkpoint = try? PropertyListDecoder().decode(Checkpoint.self, from: data) else { return }
        restore(checkpoint, after: gap)
    }
}
