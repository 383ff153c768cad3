public import Foundation

/// Validates JSON against a JSON Schema with Debian's `python3-jsonschema`.
public struct SchemaValidator: Sendable {
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    private static let script = """
        import json, sys
        from jsonschema import Draft202012Validator
        schema = json.load(open(sys.argv[1]))
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        for number, line in enumerate(open(sys.argv[2])):
            for error in validator.iter_errors(json.loads(line)):
                print(f"{number}: {'/'.join(map(str, error.absolute_path))}: {error.message}")
        """

    private let schema: URL

    public init(schema: URL) { self.schema = schema }

    /// The product's own schema of incident messages.
    public static var incident: SchemaValidator { SchemaValidator(named: "incident") }

    /// One of the product's own schemas: incident, review, command, reply.
    public init(named name: String) {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        self.init(schema: root.appending(path: "docs/\(name).schema.json"))
    }

    /// One line for each violation in any of the documents; each document is one line of JSON.
    public func violations(in documents: [Data]) throws -> [String] {
        Turn.isNeeded(by: "a check against a schema")
        let folder = try TemporaryFolder()
        try Data(documents.joined(separator: [0x0A])).write(to: folder.file("documents"))
        let process = Process()
        let output = Pipe()
        let fault = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", Self.script, schema.path, folder.file("documents").path]
        process.standardOutput = output
        process.standardError = fault
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = fault.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failed(description: String(decoding: complaint, as: UTF8.self))
        }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
