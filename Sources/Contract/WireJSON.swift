package import Foundation

/// JSON as this site writes it: keys in a stable order, slashes as they are.
package enum WireJSON {
    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }()

    package static func encode(_ value: some Encodable) throws -> Data { try encoder.encode(value) }

    /// Of a value that holds texts and finite numbers only, which always encodes.
    package static func bytes(_ value: some Encodable) -> [UInt8] { Array((try? encode(value)) ?? Data()) }
}
