internal import CCrypto

/// Keys from passwords with scrypt (RFC 7914) by libcrypto.
public enum Scrypt {
    /// libcrypto could not do it: no memory, or parameters that scrypt does not have.
    public struct Unavailable: Error, CustomStringConvertible {
        public let description = "libcrypto makes no scrypt key: check its installation and the memory"
    }

    /// The key of a password; takes as long and as much memory as the cost asks for. Throws `Unavailable`.
    ///
    /// - Parameters:
    ///   - cost: N is two to this power: 15 takes 32 MiB and about a tenth of a second.
    ///   - count: bytes of the key.
    public static func key(
        password: [UInt8], salt: [UInt8], cost: Int, blockSize: UInt64 = 8, parallelism: UInt64 = 1, count: Int = 32
    ) throws(Unavailable) -> [UInt8] {
        guard (1...20).contains(cost) else { throw Unavailable() }
        var key = [UInt8](repeating: 0, count: count)
        let done = password.withUnsafeBytes { bytes in
            EVP_PBE_scrypt(
                bytes.bindMemory(to: CChar.self).baseAddress, bytes.count, salt, salt.count, 1 << UInt64(cost),
                blockSize, parallelism, 256 << 20, &key, count)
        }
        guard done == 1 else { throw Unavailable() }
        return key
    }

    /// Whether two keys are the same, in a time that does not depend on where they differ.
    public static func isEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        a.count == b.count && CRYPTO_memcmp(a, b, a.count) == 0
    }
}
