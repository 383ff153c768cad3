import COpenCV

/// A network that could not be read or run.
public struct InferenceError: Error, Equatable, CustomStringConvertible {
    public let operation: String
    public let cause: String
    public let remedy: String

    public init(_ operation: String, cause: String, remedy: String) {
        self.operation = operation
        self.cause = cause
        self.remedy = remedy
    }

    init(_ operation: String, _ error: ocv_error, remedy: String) {
        var message = error.message
        let cause = withUnsafeBytes(of: &message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        self.init(operation, cause: cause, remedy: remedy)
    }

    public var description: String { "could not \(operation): \(cause); \(remedy)" }
}
