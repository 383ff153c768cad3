/// A stream or file that could not be opened, read or decoded. Its text holds no credentials.
public struct VideoError: Error, Equatable, CustomStringConvertible {
    public let operation: String
    public let source: String
    public let cause: String

    init(_ operation: String, on url: CameraURL, cause: String) {
        self.operation = operation
        source = url.description
        self.cause = cause
    }

    public var description: String { "could not \(operation) \(source): \(cause)" }
}
