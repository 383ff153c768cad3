import Foundation
import Hashing

/// The public part of a site's key: shows which records of a ledger that site wrote.
///
/// Its text is `ed25519:` and the 32 bytes in Base64, 44 letters.
public struct LedgerKey: Sendable, Hashable, CustomStringConvertible {
    private static let prefix = "ed25519:"
    static let count = Ed25519.keyCount
    static let signatureCount = Ed25519.signatureCount

    let bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// Nil for an invalid key.
    public init?(_ text: String) {
        guard text.hasPrefix(Self.prefix),
            let data = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))), data.count == Self.count
        else { return nil }
        bytes = Array(data)
        // The same bytes have several Base64 encodings.
        guard description == text else { return nil }
    }

    /// Reads keys from a text, or from a file with one in each line; empty lines and lines that begin with # are
    /// skipped.
    ///
    /// Throws a `LedgerError` where there is none, or for an invalid line.
    public static func read(_ argument: String) throws -> [LedgerKey] {
        if argument.hasPrefix(prefix) {
            guard let key = LedgerKey(argument) else {
                throw Ledger.LedgerError(
                    description:
                        "\(argument) is no key: ed25519: and 44 letters of Base64 are expected, as 'gridwarden "
                        + "status' and the retained state of the site show it")
            }
            return [key]
        }
        let text: String
        do { text = String(decoding: try BoundedFile.read(argument, atMost: 1 << 16), as: UTF8.self) } catch {
            throw Ledger.LedgerError(description: "could not read the keys: \(error)")
        }
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        let keys = try lines.filter { !$0.isEmpty && !$0.hasPrefix("#") }.map { line in
            guard let key = LedgerKey(line) else {
                throw Ledger.LedgerError(
                    description:
                        "could not read the keys in \(argument): a line is no public key of a site; name a file "
                        + "with one key a line, ed25519: and 44 letters of Base64")
            }
            return key
        }
        guard !keys.isEmpty else {
            throw Ledger.LedgerError(description: "could not read the keys in \(argument): there is none")
        }
        return keys
    }

    public var description: String { Self.prefix + Data(bytes).base64EncodedString() }

    /// Whether the owner of the key signed this message.
    func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        Ed25519.verifies(signature, of: message, by: bytes)
    }
}
