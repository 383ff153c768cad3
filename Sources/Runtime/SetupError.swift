/// Something named by the configuration is unavailable: a credentials file, a model.
public struct SetupError: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) { self.description = description }
}
