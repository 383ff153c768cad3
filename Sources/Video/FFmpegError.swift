internal import CFFmpeg

/// A libav* call that failed.
public struct FFmpegError: Error, Equatable, CustomStringConvertible {
    public let operation: String
    public let code: Int32

    public var description: String {
        var text = [CChar](repeating: 0, count: 128)
        av_strerror(code, &text, text.count)
        return "\(operation): \(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))"
    }

    /// Throws unless `code` is a success.
    @discardableResult
    static func check(_ code: Int32, _ operation: String) throws(FFmpegError) -> Int32 {
        guard code >= 0 else { throw FFmpegError(operation: operation, code: code) }
        return code
    }
}
