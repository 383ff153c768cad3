import Domain
import Foundation

/// The rules of one camera, each for one kind in one zone.
public struct RuleSet: Sendable {
    private var rules: [any Rule]
    /// What an earlier run knew, until the first look.
    private var restored: WatchCheckpoint?

    /// - Parameter restored: what an earlier run knew; its times must be of the same timeline.
    public init(_ rules: [any Rule], restored: WatchCheckpoint? = nil) {
        self.rules = rules
        self.restored = restored
    }

    /// Takes what one look gave; returns what all rules say of it, in their order. Of a thing that a graver kind speaks of the
    /// lesser ones say nothing.
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

    /// When what waits for the first look was kept; nil once there was one.
    var waitsSince: MediaTime? { restored?.time }

    /// The ids of the reported objects.
    var reported: Set<Int> {
        if let restored { return Set(restored.reported ?? []) }
        return rules.reduce(into: []) { all, rule in
            if let rule = rule as? any RememberingRule { all.formUnion(rule.reported) }
        }
    }

    /// What a later run needs, of the rules where something is under way.
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
    /// Takes what one look gave; returns what this rule says of it.
    mutating func evaluate(_ look: Observation) -> [Finding]
}

/// A rule whose evidence adds up over many looks, and outlives a restart.
protocol RememberingRule: Rule {
    associatedtype Checkpoint: Codable

    var kind: AlertKind { get }
    var zone: Zone { get }
    /// What a later run needs to go on; nil where nothing is under way.
    var checkpoint: Checkpoint? { get }
    /// The ids of the objects that it has reported.
    var reported: Set<Int> { get }
    /// Goes on from what an earlier run knew, before the first look.
    ///
    /// - Parameter gap: seconds in which nobody looked.
    mutating func restore(_ checkpoint: Checkpoint, after gap: Double)
}

extension RememberingRule {
    /// Seconds without a look after which what was under way is no longer vouched for; the same as for what stands.
    static var longestGap: Double { StationaryObjectTracker.longestRestart }

    var reported: Set<Int> { [] }

    var checkpointData: Data? { checkpoint.flatMap { try? PropertyListEncoder.binary.encode($0) } }

    /// What cannot be read begins anew.
    mutating func restore(data: Data, after gap: Double) {
        guard let checkpoint = try? PropertyListDecoder().decode(Checkpoint.self, from: data) else { return }
        restore(checkpoint, after: gap)
    }
}
