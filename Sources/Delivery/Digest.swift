import COpenSSL

/// SHA-256 by OpenSSL, which is linked for TLS, for the audit chain and for the pictures that leave the box.
enum Digest {
    /// 64 lower-case hexadecimal digits.
    static func hex(_ bytes: [UInt8]) -> String {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        SHA256(bytes, bytes.count, &digest)
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xf)]] }, as: UTF8.self)
    }
}
