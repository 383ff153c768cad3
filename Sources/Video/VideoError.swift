/// A stream or file that could not be opened, read or decoded. Its text holds no credentials.
public struct VideoError: Error, Equatable, CustomStringConvertible {
    public let operation: String
    public let source: String
    public let cause: String

    public let remedy: String
    /// Seconds for which another attempt would do harm; nil where none would.
    let rest: Double?

    init(_ operation: String, on url: CameraURL, cause: String) {
        self.init(operation, on: url, fault: RTSPFault(cause))
    }

    init(_ operation: String, on url: CameraURL, fault: RTSPFault) {
        self.operation = operation
        source = url.description
        cause = fault.cause
        rest = fault.rest
        remedy =
            fault.remedy
            ?? (url.isStream
                ? "check the address, the camera and the network; it is tried again"
                : "check the path and what it holds")
    }

    public var description: String { "could not \(operation) \(source): \(cause); \(remedy)" }
}
