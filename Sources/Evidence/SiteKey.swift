public import Foundation
import Glibc
import Hashing
import Runtime

/// The key with which a site signs its ledger: Ed25519, generated at the first start, readable by the service's user
/// only.
///
/// It is stored in the state folder and never in the evidence folder, which is copied and handed on.
public final class SiteKey: Sendable {
    /// In the state folder; PEM (PKCS #8), as `openssl pkey` reads it.
    public static let fileName = "site.key"
    /// The bytes before the 32 bytes of the key in PKCS #8 (RFC 8410).
    private static let prefix: [UInt8] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
    ]
    private static let (header, footer) = ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----")

    public let publicKey: LedgerKey
    /// Notes on how the key was found; to be logged.
    public let notices: [String]
    private let seed: [UInt8]

    /// A new key that is not stored.
    public convenience init() throws {
        var generator = SystemRandomNumberGenerator()
        try self.init(seed: (0..<LedgerKey.count).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    private init(seed: [UInt8], notices: [String] = []) throws {
        self.seed = seed
        self.notices = notices
        do { publicKey = LedgerKey(bytes: try Ed25519.publicKey(of: seed)) } catch { throw Self.failed("use", error) }
    }

    /// Reads the key of a state folder, or generates one; a file without a valid key is renamed.
    ///
    /// Throws where the file cannot be read or written.
    public convenience init(stateFolder folder: URL, now: Date = Date()) throws {
        let file = folder.appending(path: Self.fileName)
        do {
            let found = try Self.read(file)
            try self.init(seed: found.seed, notices: found.notices)
        } catch let error as BoundedFile.Failed {
            guard !error.isRefused else {
                throw Ledger.LedgerError(
                    description: "could not read the key of the site: \(error); the service's user must own it")
            }
            var notice = "a key of the site was made: its ledger is signed from now on"
            if !error.isAbsent {
                let aside = SetAside.name(file, at: now)
                guard rename(file.path, aside.path) == 0 else { throw DurableFile.failed("set \(file.path) aside") }
                notice = "\(error); it is kept as \(aside.lastPathComponent), and a new key was made"
            }
            let made = try SiteKey()
            try DurableFile.write(Array(made.text.utf8), to: file, mode: 0o600)
            try self.init(seed: made.seed, notices: [notice])
        }
    }

    private static func read(_ file: URL) throws -> (seed: [UInt8], notices: [String]) {
        var notices: [String] = []
        let text = try BoundedFile.read(file.path, atMost: 4096) { status in
            guard status.st_mode & 0o077 != 0 else { return }
            chmod(file.path, 0o600)
            notices.append(
                "the key of the site could be read by others than its user; that is put right now, but whoever may have "
                    + "read it can sign as this site: delete \(file.path) for a new key, and tell the centre")
        }
        guard let seed = seed(in: String(decoding: text, as: UTF8.self)) else {
            throw BoundedFile.Failed(description: "\(file.path) holds no key")
        }
        return (seed, notices)
    }

    /// Signs a message; 64 bytes.
    func sign(_ message: [UInt8]) throws -> [UInt8] {
        do { return try Ed25519.sign(message, with: seed) } catch { throw Self.failed("sign with", error) }
    }

    private var text: String {
        "\(Self.header)\n\(Data(Self.prefix + seed).base64EncodedString())\n\(Self.footer)\n"
    }

    private static func seed(in text: String) -> [UInt8]? {
        let lines = text.split(whereSeparator: \.isNewline)
        guard lines.count == 3, lines[0] == header, lines[2] == footer,
            let data = Data(base64Encoded: String(lines[1])), data.count == prefix.count + LedgerKey.count,
            data.starts(with: prefix)
        else { return nil }
        return Array(data.dropFirst(prefix.count))
    }

    private static func failed(_ operation: String, _ error: Ed25519.Unavailable) -> Ledger.LedgerError {
        Ledger.LedgerError(description: "could not \(operation) the key of the site: \(error)")
    }
}
