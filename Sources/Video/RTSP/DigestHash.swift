internal import CFFmpeg
import Hashing

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
