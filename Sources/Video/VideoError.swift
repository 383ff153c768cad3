/// A stream or file that could not be opened, read or decoded. Its text holds no credentials.
public struct VideoError: Error, Equatable, CustomStringConvertible {
    public let operation: String
    public let source: String
    public let cause: String

    public var remedy: String {
        source.contains("://")
            ? "check the address, the camera and the network; it is tried again" : "check the path and what it holds"
    }

    init(_ operation: String, on url: CameraURL, cause: String) {
        self.operation = operation
        source = url.description
        self.cause = cause
    }

    public var description: String { "could not \(operation) \(source): \(cause); \(remedy)" }
}
