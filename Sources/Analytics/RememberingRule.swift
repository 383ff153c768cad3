import Domain
import Foundation

/// A rule whose evidence adds up over many looks, and outlives a restart.
protocol RememberingRule: Rule {
    associatedtype Memory: Codable

    var kind: AlertKind { get }
    var zone: Zone { get }
    /// What a later run needs to go on; nil where nothing is under way.
    var memory: Memory? { get }
    /// The numbers of the stays that it has reported.
    var reported: Set<Int> { get }
    /// Goes on from what an earlier run knew, before the first look.
    ///
    /// - Parameter gap: seconds in which nobody looked.
    mutating func restore(_ memory: Memory, after gap: Double)
}

extension RememberingRule {
    /// Seconds without a look after which what was under way is no longer vouched for; the same as for what stands.
    static var longestGap: Double { StationaryObjectTracker.longestRestart }

    var reported: Set<Int> { [] }

    var memoryData: Data? { memory.flatMap { try? PropertyListEncoder.binary.encode($0) } }

    /// What cannot be read begins anew.
    mutating func restore(data: Data, after gap: Double) {
        guard let memory = try? PropertyListDecoder().decode(Memory.self, from: data) else { return }
        restore(memory, after: gap)
    }
}
