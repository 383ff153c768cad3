package import Foundation

/// JSON as written by this site: keys in a stable order, slashes unescaped.
package enum WireJSON {
    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }()

    package static func encode(_ value: some Encodable) throws -> Data { try encoder.encode(value) }

    /// For a value of texts and finite numbers only, which always encodes.
    package static func bytes(_ value: some Encodable) -> [UInt8] { Array((try? encode(value)) ?? Data()) }
}
