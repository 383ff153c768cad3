public import Domain
public import Foundation

/// How one zone is watched for one kind of alert. What it begins with are the defaults, but for the dwell, which the catalogue
/// has.
public protocol RuleSettings: Sendable, Hashable {
    /// Seconds that are tolerated.
    var dwell: Double { get set }

    /// What is wrong with the settings as a whole, where each value by itself is right.
    var faults: [RuleFault] { get }

    /// What an operator should know of them at a time, e.g. that a permit has run out.
    func notes(at date: Date) -> [String]
}

extension RuleSettings {
    public var faults: [RuleFault] { [] }
    public func notes(at date: Date) -> [String] { [] }
}

/// A rule that holds at some hours only.
public protocol TimedRuleSettings: RuleSettings {
    var windows: TimeWindows { get set }
}

/// What is wrong with a rule's settings, at one of its keys.
public struct RuleFault: Sendable, Hashable {
    public let key: String
    public let message: String

    public init(_ key: String, _ message: String) {
        self.key = key
        self.message = message
    }
}
