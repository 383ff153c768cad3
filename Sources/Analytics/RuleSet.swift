import Foundation

/// The rules of one camera, each for one kind in one zone.
public struct RuleSet: Sendable {
    private var rules: [any Rule]
    /// What an earlier run knew, until the first look.
    private var restored: WatchSnapshot?

    /// - Parameter restored: what an earlier run knew; its times must be of the same timeline.
    public init(_ rules: [any Rule], restored: WatchSnapshot? = nil) {
        self.rules = rules
        self.restored = restored
    }

    /// Takes what one look gave; returns what all rules say of it, in their order.
    public mutating func evaluate(_ look: Observation) -> [Finding] {
        takeBack(at: look.scene.time)
        var findings: [Finding] = []
        for index in rules.indices { findings += rules[index].evaluate(look) }
        return findings
    }

    /// When what waits for the first look was kept; nil once there was one.
    var waitsSince: MediaTime? { restored?.time }

    /// The numbers of the stays that are reported.
    var reported: Set<Int> {
        if let restored { return Set(restored.reported ?? []) }
        return rules.reduce(into: []) { all, rule in
            if let rule = rule as? any RememberingRule { all.formUnion(rule.reported) }
        }
    }

    /// What a later run needs, of the rules where something is under way.
    func memories(at time: MediaTime) -> [WatchSnapshot.RuleMemory] {
        if let restored { return restored.rules }
        return rules.compactMap { rule in
            guard let rule = rule as? any RememberingRule, let data = rule.memoryData else { return nil }
            return .init(kind: rule.kind, zone: rule.zone.id, data: data)
        }
    }

    private mutating func takeBack(at time: MediaTime) {
        guard let restored else { return }
        self.restored = nil
        let gap = time - restored.time
        guard gap >= 0 else { return }
        for index in rules.indices {
            guard var rule = rules[index] as? any RememberingRule,
                let memory = restored.rules.first(where: { $0.kind == rule.kind && $0.zone == rule.zone.id })
            else { continue }
            rule.takeBack(data: memory.data, after: gap)
            rules[index] = rule
        }
    }
}
