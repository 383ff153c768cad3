internal import CFFmpeg
import Foundation

/// Feeds the bytes of a clip to libav from memory, repeating it at its end.
final class ClipFeed {
    private let bytes: Data
    private var position = 0
    private var context: UnsafeMutablePointer<AVIOContext>?
    /// Packets have been read since the last repetition: a clip without packets must end.
    private var hasRead = false

    /// Bytes that libav reads at a time.
    private static let chunk = 32 << 10

    /// Nil where memory cannot be allocated.
    init?(_ bytes: Data) {
        self.bytes = bytes
        guard let buffer = av_malloc(Self.chunk)?.assumingMemoryBound(to: UInt8.self) else { return nil }
        context = avio_alloc_context(
            buffer, Int32(Self.chunk), 0, Unmanaged.passUnretained(self).toOpaque(),
            { opaque, buffer, size in
                guard let opaque, let buffer else { return ffAVERROR_EOF }
                return Unmanaged<ClipFeed>.fromOpaque(opaque).takeUnretainedValue().copy(to: buffer, Int(size))
            }, nil,
            { opaque, offset, origin in
                guard let opaque else { return -1 }
                return Unmanaged<ClipFeed>.fromOpaque(opaque).takeUnretainedValue().seek(offset, origin)
            })
        if context == nil {
            av_free(buffer)
            return nil
        }
    }

    deinit {
        if let context { av_freep(&context.pointee.buffer) }
        avio_context_free(&context)
    }

    /// Like `avformat_open_input`, which frees `format` on failure. Keep this as long as libav reads.
    func open(
        _ format: inout UnsafeMutablePointer<AVFormatContext>?, _ name: String, _ options: inout OpaquePointer?
    ) -> Int32 {
        format?.pointee.pb = context
        return avformat_open_input(&format, name, nil, &options)
    }

    /// Like `av_read_frame`, endlessly: the last packet is followed by the first one, with its old time stamps.
    func read(
        _ format: UnsafeMutablePointer<AVFormatContext>?, _ packet: UnsafeMutablePointer<AVPacket>?, stream: Int32
    ) -> Int32 {
        var code = av_read_frame(format, packet)
        if code == ffAVERROR_EOF, hasRead {
            hasRead = false
            guard rewind(format, stream: stream) >= 0 else { return ffAVERROR_EOF }
            code = av_read_frame(format, packet)
        }
        if code >= 0 { hasRead = true }
        return code
    }

    private func rewind(_ format: UnsafeMutablePointer<AVFormatContext>?, stream: Int32) -> Int32 {
        let start = format?.pointee.streams[Int(stream)]?.pointee.start_time ?? ffNOPTS
        let code = av_seek_frame(format, stream, start == ffNOPTS ? 0 : start, AVSEEK_FLAG_BACKWARD)
        // Raw streams can only seek by bytes.
        return code >= 0 ? code : av_seek_frame(format, -1, 0, AVSEEK_FLAG_BYTE)
    }

    private func copy(to buffer: UnsafeMutablePointer<UInt8>, _ size: Int) -> Int32 {
        let end = min(bytes.count, position + size)
        guard end > position else { return ffAVERROR_EOF }
        bytes.copyBytes(to: buffer, from: position..<end)
        defer { position = end }
        return Int32(end - position)
    }

    private func seek(_ offset: Int64, _ origin: Int32) -> Int64 {
        let base: Int
        switch origin & ~AVSEEK_FORCE {
        case AVSEEK_SIZE: return Int64(bytes.count)
        case SEEK_SET: base = 0
        case SEEK_CUR: base = position
        case SEEK_END: base = bytes.count
        default: return -1
        }
        let (target, isTooFar) = base.addingReportingOverflow(Int(offset))
        guard !isTooFar, (0...bytes.count).contains(target) else { return -1 }
        position = target
        return Int64(target)
    }
}
