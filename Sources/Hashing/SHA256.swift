internal import CCrypto

/// SHA-256 by libcrypto, in one call or incrementally.
public final class SHA256 {
    /// libcrypto failed: no memory, or a configuration of OpenSSL without SHA-256.
    public struct Unavailable: Error, CustomStringConvertible {
        public let description = "libcrypto offers no SHA-256: check the configuration of OpenSSL and the memory"
    }

    private let context: OpaquePointer

    /// Throws `Unavailable`.
    public init() throws(Unavailable) {
        guard let context = EVP_MD_CTX_new() else { throw Unavailable() }
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            EVP_MD_CTX_free(context)
            throw Unavailable()
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds bytes. Throws `Unavailable`.
    public func update(_ bytes: some Collection<UInt8>) throws(Unavailable) {
        let done = bytes.withContiguousStorageIfAvailable { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        let bytes = done == nil ? Array(bytes) : []
        guard (done ?? EVP_DigestUpdate(context, bytes, bytes.count)) == 1 else { throw Unavailable() }
    }

    /// The hash of all added bytes, once: 64 lower-case hexadecimal digits. Throws `Unavailable`.
    public func hex() throws(Unavailable) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_DigestFinal_ex(context, &digest, nil) == 1 else { throw Unavailable() }
        return Hexadecimal.text(digest)
    }

    /// 64 lower-case hexadecimal digits. Throws `Unavailable`.
    public static func hex(_ bytes: some Collection<UInt8>) throws(Unavailable) -> String {
        let hash = try SHA256()
        try hash.update(bytes)
        return try hash.hex()
    }
}

/// Bytes as lower-case hexadecimal digits.
public enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    public static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Nil for anything except pairs of lower-case digits.
    public static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var result: [UInt8] = []
        var high: UInt8?
        for character in text {
            guard let digit = digits.firstIndex(of: character).map(UInt8.init) else { return nil }
            if let first = high {
                result.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return result
    }
}
