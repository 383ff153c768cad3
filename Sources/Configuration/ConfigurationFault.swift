/// One thing that is wrong in a configuration file.
public struct ConfigurationFault: Sendable, Hashable, CustomStringConvertible {
    public let file: String
    /// From 1.
    public let line: Int
    /// From 1, in Unicode scalars.
    public let column: Int
    /// One sentence: the place, what is wrong, and what to do. Holds no credentials.
    public let message: String

    public init(file: String, line: Int, column: Int, message: String) {
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }

    /// `file:line:column: message`, as editors and terminals like it.
    public var description: String { "\(file):\(line):\(column): \(message)" }
}
