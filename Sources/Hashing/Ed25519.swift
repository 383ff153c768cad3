internal import CCrypto

/// Signatures with Ed25519 (RFC 8032) by libcrypto.
public enum Ed25519 {
    /// libcrypto could not do it: no memory, or a configuration of OpenSSL that offers no Ed25519.
    public struct Unavailable: Error, CustomStringConvertible {
        public let description = "libcrypto offers no Ed25519; check its installation"
    }

    /// Bytes of a key, private or public.
    public static let keyCount = 32
    /// Bytes of a signature.
    public static let signatureCount = 64

    /// The public key that belongs to a private one. Throws `Unavailable`.
    public static func publicKey(of privateKey: [UInt8]) throws(Unavailable) -> [UInt8] {
        guard let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, privateKey, privateKey.count) else {
            throw Unavailable()
        }
        defer { EVP_PKEY_free(key) }
        var bytes = [UInt8](repeating: 0, count: keyCount)
        var count = bytes.count
        guard EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1, count == keyCount else { throw Unavailable() }
        return bytes
    }

    /// The signature of a message; 64 bytes. Throws `Unavailable`.
    public static func sign(_ message: [UInt8], with privateKey: [UInt8]) throws(Unavailable) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: signatureCount)
        var count = signature.count
        guard let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, privateKey, privateKey.count) else {
            throw Unavailable()
        }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { throw Unavailable() }
        defer { EVP_MD_CTX_free(context) }
        guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1, count == signatureCount
        else { throw Unavailable() }
        return signature
    }

    /// Whether the owner of the public key signed this message; false also where libcrypto cannot tell.
    public static func verifies(_ signature: [UInt8], of message: [UInt8], by publicKey: [UInt8]) -> Bool {
        guard let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, publicKey, publicKey.count) else {
            return false
        }
        defer { EVP_PKEY_free(key) }
        guard let context = EVP_MD_CTX_new() else { return false }
        defer { EVP_MD_CTX_free(context) }
        return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
            && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
