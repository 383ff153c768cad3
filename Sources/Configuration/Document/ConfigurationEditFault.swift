/// Why a configuration could not be edited, and what to do. Holds no credentials.
public struct ConfigurationEditFault: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Reason: Sendable, Hashable {
        /// The path or the value is none.
        case malformed
        /// There is nothing at the path.
        case missing
        /// The file is written in a way that cannot be edited here.
        case unsupported
    }

    public let reason: Reason
    public let description: String

    init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
