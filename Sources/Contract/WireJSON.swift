package import Foundation

/// JSON as this site writes it: keys in a stable order, slashes as they are.
package enum WireJSON {
    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }()

    package static func encode(_ value: some Encodable) throws -> Data { try encoder.encode(value) }
}
