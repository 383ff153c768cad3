internal import CFFmpeg

/// SHA-256 by libavutil, which is linked anyway.
public enum SHA256 {
    /// 64 lower-case hexadecimal digits.
    public static func hex(_ bytes: [UInt8]) -> String {
        guard let state = av_sha_alloc() else { return "" }
        defer { av_free(UnsafeMutableRawPointer(state)) }
        av_sha_init(state, 256)
        bytes.withUnsafeBufferPointer { av_sha_update(state, $0.baseAddress, $0.count) }
        var digest = [UInt8](repeating: 0, count: 32)
        av_sha_final(state, &digest)
        return Hexadecimal.text(digest)
    }
}
