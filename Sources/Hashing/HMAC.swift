internal import CCrypto

/// Message authentication with HMAC-SHA256 (RFC 2104) by libcrypto.
public enum HMAC {
    /// libcrypto could not do it: no memory, or a configuration of OpenSSL without SHA-256.
    public struct Unavailable: Error, CustomStringConvertible {
        public let description = "libcrypto offers no HMAC-SHA256: check the configuration of OpenSSL and the memory"
    }

    /// 64 lower-case hexadecimal digits. Throws `Unavailable`.
    public static func sha256(_ message: [UInt8], key: [UInt8]) throws(Unavailable) -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        var count = UInt32(digest.count)
        guard authenticate(key, message, &digest, &count), count == 32 else { throw Unavailable() }
        return Hexadecimal.text(digest)
    }

    private static func authenticate(
        _ key: [UInt8], _ message: [UInt8], _ digest: inout [UInt8], _ count: inout UInt32
    ) -> Bool {
        CCrypto.HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &digest, &count) != nil
    }
}
