internal import CFFmpeg
import Hashing

/// A camera's authentication challenge, and the response (RFC 7616, RFC 7617; both from HTTP).
struct RTSPChallenge: Equatable {
    enum Scheme: Equatable {
        case basic
        /// - Parameter isSession: `-sess`, where the password's hash is mixed with the nonce once.
        case digest(DigestHash, isSession: Bool)
    }

    let scheme: Scheme
    let realm: String
    let nonce: String
    /// As the camera spells it; sent back unchanged.
    let algorithm: String?
    let opaque: String?
    /// `auth` or `auth-int`; nil for a camera that knows RFC 2069 only.
    let quality: String?
    /// The nonce was too old: user and password were right.
    let isStale: Bool

    /// The challenge to answer: the first supported digest, since the camera lists its preference first, and basic
    /// authentication only where it accepts nothing else.
    static func best(_ headers: [String]) -> RTSPChallenge? {
        let known = headers.flatMap(parse).compactMap(Self.init)
        return known.first { $0.scheme != .basic } ?? known.first
    }

    /// The names of all challenges, for people.
    static func names(_ headers: [String]) -> [String] {
        headers.flatMap(parse).prefix(4).map { scheme, fields in
            let name = [scheme, fields["algorithm"]].compactMap(\.self).joined(separator: " ")
            return String(name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "- ".contains($0)) }.prefix(40))
        }
    }

    private init?(_ scheme: String, _ fields: [String: String]) {
        realm = fields["realm"] ?? ""
        nonce = fields["nonce"] ?? ""
        algorithm = fields["algorithm"]
        opaque = fields["opaque"]
        isStale = fields["stale"]?.lowercased() == "true"
        switch scheme.lowercased() {
        case "basic":
            self.scheme = .basic
            quality = nil
        case "digest":
            switch (algorithm ?? "MD5").uppercased() {
            case "MD5": self.scheme = .digest(.md5, isSession: false)
            case "MD5-SESS": self.scheme = .digest(.md5, isSession: true)
            case "SHA-256": self.scheme = .digest(.sha256, isSession: false)
            case "SHA-256-SESS": self.scheme = .digest(.sha256, isSession: true)
            default: return nil
            }
            let offered = (fields["qop"] ?? "").lowercased().split { $0 == "," || $0 == " " }
            guard offered.isEmpty || offered.contains("auth") || offered.contains("auth-int") else { return nil }
            quality = offered.isEmpty ? nil : offered.contains("auth") ? "auth" : "auth-int"
        default: return nil
        }
    }

    /// The value of `Authorization` for a request without a body.
    ///
    /// - Parameters:
    ///   - count: the number of the request with this nonce, from 1.
    ///   - cnonce: any text that was not used before.
    func answer(
        _ login: CameraURL.Login, method: String, uri: String, count: Int, cnonce: String
    ) throws -> String {
        guard case .digest(let hash, let isSession) = scheme else {
            return "Basic " + Self.base64(Array("\(login.user):\(login.password)".utf8))
        }
        var secret = try hash.hex("\(login.user):\(realm):\(login.password)")
        if isSession { secret = try hash.hex("\(secret):\(nonce):\(cnonce)") }
        let question = try hash.hex("\(method):\(uri)" + (quality == "auth-int" ? ":\(hash.hex(""))" : ""))
        let digits = String(count, radix: 16)
        let turn = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
        let response =
            try quality.map { try hash.hex("\(secret):\(nonce):\(turn):\(cnonce):\($0):\(question)") }
            ?? hash.hex("\(secret):\(nonce):\(question)")
        var fields = [
            "username=\"\(Self.quoted(login.user))\"", "realm=\"\(Self.quoted(realm))\"",
            "nonce=\"\(Self.quoted(nonce))\"", "uri=\"\(Self.quoted(uri))\"", "response=\"\(response)\"",
        ]
        if let algorithm { fields.append("algorithm=\(algorithm)") }
        if let opaque { fields.append("opaque=\"\(Self.quoted(opaque))\"") }
        if let quality { fields += ["qop=\(quality)", "nc=\(turn)"] }
        if quality != nil || isSession { fields.append("cnonce=\"\(cnonce)\"") }
        return "Digest " + fields.joined(separator: ", ")
    }

    private static func quoted(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            let bits = (0..<3).reduce(0) { $0 << 8 | (part.count > $1 ? Int(part[start + $1]) : 0) }
            for place in 0..<4 {
                text.append(place > part.count ? "=" : letters[bits >> (18 - 6 * place) & 63])
            }
        }
        return text
    }

    /// The challenges of one header, which may have several, separated by commas like their fields.
    private static func parse(_ header: String) -> [(scheme: String, fields: [String: String])] {
        var challenges: [(scheme: String, fields: [String: String])] = []
        var rest = header[...].prefix(4096)
        while true {
            rest = rest.drop { $0 == "," || $0 == " " || $0 == "\t" }
            guard !rest.isEmpty, challenges.count < 16 else { return challenges }
            let word = rest.prefix { !" \t,=".contains($0) }
            guard !word.isEmpty else {
                rest = rest.dropFirst()
                continue
            }
            let after = rest[word.endIndex...].drop { $0 == " " || $0 == "\t" }
            guard after.first == "=" else {
                challenges.append((String(word), [:]))
                rest = rest[word.endIndex...]
                continue
            }
            let (value, end) = value(after.dropFirst().drop { $0 == " " || $0 == "\t" })
            rest = end
            if !challenges.isEmpty, challenges[challenges.count - 1].fields.count < 32 {
                let name = word.lowercased()
                let fields = challenges[challenges.count - 1].fields
                challenges[challenges.count - 1].fields[name] = fields[name] ?? value
            }
        }
    }

    private static func value(_ text: Substring) -> (String, Substring) {
        guard text.first == "\"" else {
            let word = text.prefix { $0 != "," }
            return (String(word.trimmed), text[word.endIndex...])
        }
        var (value, rest) = ("", text.dropFirst())
        while let next = rest.popFirst(), next != "\"" {
            value.append(next == "\\" ? rest.popFirst() ?? next : next)
        }
        return (value, rest)
    }
}

/// The hash functions of digest authentication; MD5 by libavutil, which is linked anyway.
enum DigestHash: Equatable {
    case md5
    case sha256

    /// Lower-case hexadecimal digits.
    func hex(_ text: String) throws -> String {
        let bytes = Array(text.utf8)
        switch self {
        case .sha256: return try SHA256.hex(bytes)
        case .md5:
            var digest = [UInt8](repeating: 0, count: 16)
            av_md5_sum(&digest, bytes, bytes.count)
            return Hexadecimal.text(digest)
        }
    }
}
