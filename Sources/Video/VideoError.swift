internal import CFFmpeg

/// A stream or file that could not be opened, read or decoded. Its text contains no credentials.
public struct VideoError: Error, Equatable, CustomStringConvertible {
    public let operation: String
    public let source: String
    public let cause: String

    public let remedy: String
    /// Seconds in which another attempt would do harm; nil where none would.
    package let rest: Double?
    package let kind: StreamFault

    init(_ operation: String, on url: CameraURL, cause: String, kind: StreamFault = .other) {
        self.init(operation, on: url, fault: RTSPFault(cause, kind: kind))
    }

    init(_ operation: String, on url: CameraURL, fault: RTSPFault) {
        self.operation = operation
        source = url.description
        cause = fault.cause
        (rest, kind) = (fault.rest, fault.kind)
        remedy =
            fault.remedy
            ?? (url.isStream
                ? "check the address, the camera and the network; it is tried again"
                : "check the path and what it holds")
    }

    public var description: String { "could not \(operation) \(source): \(cause); \(remedy)" }
}

/// A failed call of a libav* function.
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
