/// Evidence that may not be shown, since it could not be masked.
public struct EvidenceWithheld: Error, Equatable, CustomStringConvertible {
    public let reason: String

    public init(reason: String) { self.reason = reason }

    public var description: String { "evidence withheld: \(reason)" }
}
