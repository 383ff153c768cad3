/// What a configuration names that cannot be had: a file of credentials, a model.
public struct SetupError: Error, CustomStringConvertible {
    public let description: String

    public init(description: String) { self.description = description }
}
