internal import CFFmpeg
import Synchronization

/// The target of libav's own log lines, after redaction.
public enum LibavLog {
    private static let sink = LineSink()

    /// Takes over libav's warnings and errors; lines arrive without credentials, on libav's threads.
    public static func redirect(to target: @escaping @Sendable (_ line: String) -> Void) {
        sink.set(target)
        av_log_set_callback { context, level, format, arguments in
            guard level <= AV_LOG_WARNING, let format, let arguments else { return }
            var line = [CChar](repeating: 0, count: 512)
            var prefix: Int32 = 1
            av_log_format_line2(context, level, format, arguments, &line, Int32(line.count), &prefix)
            let text = line.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            LibavLog.sink.pass(String(CameraURL.redact(text).trimmingSuffix(while: \.isNewline)))
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
        var end = endIndex
        while end > startIndex, predicate(self[index(before: end)]) { end = index(before: end) }
        return self[..<end]
    }
}

/// A replaceable function that takes log lines.
final class LineSink: Sendable {
    /// A mutex that holds a bare function wraps it once more at each access, and calls nest ever deeper.
    private struct Target {
        var take: (@Sendable (String) -> Void)?
    }

    private let target = Mutex(Target())

    func set(_ take: @escaping @Sendable (_ line: String) -> Void) { target.withLock { $0.take = take } }

    func pass(_ line: String) { target.withLock { $0.take }?(line) }
}
