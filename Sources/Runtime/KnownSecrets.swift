import Foundation
import Synchronization

/// The secrets known to this process, by value: redacts them in everything that is written or sent.
///
/// By value, because a secret can appear where no syntax reveals it: in a mistyped address, or in text that a library
/// or a camera repeats. A secret is found as it is, with any of its characters %-encoded or escaped as in JSON, and in
/// the Base64 of basic authentication.
public final class KnownSecrets: Sendable {
    /// The replacement of a secret.
    public static let mark = "***"

    /// Where a secret is redacted. The shorter it is, the more often the same letters are something else: redacting
    /// each `1` would hide all of the text, and reveal the secret to a reader of what is missing.
    private enum Place {
        case anywhere
        /// Not in the middle of a word or number.
        case word
        /// Between `:` and `@`, as in an address.
        case address
    }

    private struct Entry: Hashable {
        let bytes: [UInt8]
        let place: Place
    }

    /// Bytes from which a secret is redacted everywhere, and from which only as a whole word.
    private static let (long, short) = (8, 4)

    private let entries = Mutex<Set<Entry>>([])

    public init() {}

    /// Registers a secret for redaction; empty strings are ignored.
    ///
    /// - Parameter user: the user name that is sent with it.
    public func learn(_ secret: String, user: String? = nil) {
        let bytes = Array(secret.utf8)
        guard !bytes.isEmpty else { return }
        let place: Place = bytes.count >= Self.long ? .anywhere : bytes.count >= Self.short ? .word : .address
        var new = [Entry(bytes: bytes, place: place)]
        if let user {
            new.append(Entry(bytes: Array(Data("\(user):\(secret)".utf8).base64EncodedString().utf8), place: .anywhere))
        }
        entries.withLock { $0.formUnion(new) }
    }

    /// Learns the secrets in the address of a stream: a password, and values that are long enough to be a token.
    ///
    /// The address need not be well-formed: it may lack a scheme.
    public func learn(address: String) {
        let rest = address.range(of: "://").map { address[$0.upperBound...] } ?? address[...]
        // A password may contain an @ or a slash that was not encoded.
        if let at = rest.lastIndex(of: "@"), let colon = rest[..<at].firstIndex(of: ":") {
            let (user, password) = (String(rest[..<colon]), String(rest[rest.index(after: colon)..<at]))
            for text in Set([password, password.removingPercentEncoding ?? password]) {
                learn(text, user: user.removingPercentEncoding ?? user)
            }
        }
        for match in rest.matches(of: #/[\/?&][^\/?&=]+=([^\/?&]+)/#) where match.output.1.utf8.count >= Self.long {
            learn(String(match.output.1))
        }
    }

    /// `text` without the secrets.
    public func redact(_ text: String) -> String {
        let entries = entries.withLock { $0.sorted { $0.bytes.count > $1.bytes.count } }
        guard !entries.isEmpty else { return text }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        var isChanged = false
        while index < bytes.count {
            if let end = entries.lazy.compactMap({ Self.end(of: $0, in: bytes, at: index) }).first {
                result += Array(Self.mark.utf8)
                index = end
                isChanged = true
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return isChanged ? String(decoding: result, as: UTF8.self) : text
    }

    /// The end of the secret that begins at `start`; nil where there is none.
    private static func end(of entry: Entry, in text: [UInt8], at start: Int) -> Int? {
        guard let first = entry.bytes.first, [first, 0x25, 0x5C].contains(text[start]) else { return nil }
        // In all possible ways: a `%` may belong to the secret, or encode another of its characters.
        var ends: Set<Int> = [start]
        for byte in entry.bytes {
            ends = Set(ends.flatMap { Self.ends(of: byte, in: text, at: $0) })
            guard !ends.isEmpty else { return nil }
        }
        return ends.sorted(by: >).first { stands(entry, from: start, to: $0, in: text) }
    }

    /// The end of one character of a secret: as it is, %-encoded, or with a backslash before it.
    private static func ends(of byte: UInt8, in text: [UInt8], at index: Int) -> [Int] {
        guard index < text.count else { return [] }
        var ends: [Int] = []
        if text[index] == byte { ends.append(index + 1) }
        if text[index] == UInt8(ascii: "%"), index + 2 < text.count,
            hexadecimal(text[index + 1]) << 4 | hexadecimal(text[index + 2]) == Int(byte)
        {
            ends.append(index + 3)
        }
        if text[index] == UInt8(ascii: "\\"), index + 1 < text.count, text[index + 1] == byte { ends.append(index + 2) }
        return ends
    }

    private static func stands(_ entry: Entry, from start: Int, to index: Int, in text: [UInt8]) -> Bool {
        let before = start > 0 ? text[start - 1] : 0
        let after = index < text.count ? text[index] : 0
        switch entry.place {
        case .anywhere: return true
        case .word: return !isWord(before) && !isWord(after)
        case .address: return before == UInt8(ascii: ":") && after == UInt8(ascii: "@")
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// -256 for a character that is no digit, so that nothing matches.
    private static func hexadecimal(_ byte: UInt8) -> Int {
        switch byte {
        case 0x30...0x39: Int(byte) - 0x30
        case 0x41...0x46: Int(byte) - 0x41 + 10
        case 0x61...0x66: Int(byte) - 0x61 + 10
        default: -256
        }
    }
}
