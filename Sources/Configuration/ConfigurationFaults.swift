/// All that is wrong in a configuration file, in the order of the file; never empty.
public struct ConfigurationFaults: Error, Sendable, Hashable, CustomStringConvertible {
    public let faults: [ConfigurationFault]

    public init(faults: [ConfigurationFault]) { self.faults = faults }

    /// One line a fault.
    public var description: String { faults.map(\.description).joined(separator: "\n") }
}
