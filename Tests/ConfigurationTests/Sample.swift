import Foundation
import SiteConfiguration

/// Texts that the tests begin with.
enum Sample {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let examplePath = root.appendingPathComponent("deploy/gridwarden.example.yaml").path

    static func example() throws -> String { try String(contentsOfFile: examplePath, encoding: .utf8) }

    static func docs() throws -> String {
        try String(contentsOf: root.appendingPathComponent("docs/configuration.md"), encoding: .utf8)
    }

    /// With its optional keys and zones (`#key:`, `#- key:`) switched on.
    static func fullExample() throws -> String {
        let optional = /^( *)#((?:- )?[a-z0-9_.]+:.*)$/.anchorsMatchLineEndings()
        return try example().replacing(optional) { "\($0.output.1)\($0.output.2)" }
    }

    /// Only what is required. Tests name its lines.
    static let minimal = """
        site:
          id: s1
          area: "320583102201"
        broker:
          host: localhost
        cameras:
          - id: cam-01
            url: rtsp://10.0.0.1/a
            purpose: parking
            signage_confirmed: true
            zones:
              - id: np1
                polygon: [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]
                rules:
                  parking.motor:

        """

    /// `minimal` with one line replaced (from 1), or with lines after its end.
    static func minimal(line: Int, _ replacement: String) -> String {
        var lines = minimal.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        lines[line - 1] = replacement
        return lines.joined(separator: "\n")
    }

    /// The faults of `text` as `line:column: message`.
    static func faults(_ text: String) -> [String] {
        do {
            _ = try Configuration.parse(text: text, file: "f")
            return []
        } catch {
            return error.faults.map { "\($0.line):\($0.column): \($0.message)" }
        }
    }
}
