internal import CFFmpeg
import Foundation

/// Writes pictures into an MP4 file, for people to look at. One owner, one thread.
public struct VideoWriter: ~Copyable {
    private var format: UnsafeMutablePointer<AVFormatContext>?
    private var codec: UnsafeMutablePointer<AVCodecContext>?
    private var packet: UnsafeMutablePointer<AVPacket>?
    private let stream: UnsafeMutablePointer<AVStream>
    private var last: Int64 = -1

    /// Milliseconds.
    private static let timeBase = AVRational(num: 1, den: 1000)

    /// - Parameters: width and height in pixels, even.
    public init(path: String, width: Int, height: Int) throws {
        var format: UnsafeMutablePointer<AVFormatContext>?
        var codec: UnsafeMutablePointer<AVCodecContext>?
        var done = false
        defer {
            if !done {
                avcodec_free_context(&codec)
                avformat_free_context(format)
            }
        }
        try FFmpegError.check(avformat_alloc_output_context2(&format, nil, "mp4", path), "create \(path)")
        let encoder = avcodec_find_encoder_by_name("libx264") ?? avcodec_find_encoder(AV_CODEC_ID_MPEG4)
        guard let encoder, let format, let stream = avformat_new_stream(format, nil) else {
            throw FFmpegError(operation: "find a video encoder", code: ffAVERROR_INVALIDDATA)
        }
        codec = avcodec_alloc_context3(encoder)
        codec?.pointee.width = Int32(width)
        codec?.pointee.height = Int32(height)
        codec?.pointee.pix_fmt = AV_PIX_FMT_YUV420P
        codec?.pointee.color_range = AVCOL_RANGE_JPEG
        codec?.pointee.colorspace = Conversion.jpeg
        codec?.pointee.time_base = Self.timeBase
        codec?.pointee.gop_size = 10
        codec?.pointee.max_b_frames = 0
        codec?.pointee.flags |= Int32(bitPattern: UInt32(AV_CODEC_FLAG_GLOBAL_HEADER))
        try FFmpegError.check(avcodec_open2(codec, encoder, nil), "open the video encoder")
        try FFmpegError.check(
            avcodec_parameters_from_context(stream.pointee.codecpar, codec), "describe the video of \(path)")
        stream.pointee.time_base = Self.timeBase
        try FFmpegError.check(avio_open(&format.pointee.pb, path, AVIO_FLAG_WRITE), "create \(path)")
        try FFmpegError.check(avformat_write_header(format, nil), "write \(path)")
        done = true
        self.format = format
        self.codec = codec
        self.stream = stream
        packet = av_packet_alloc()
    }

    deinit {
        var (codec, packet) = (codec, packet)
        av_packet_free(&packet)
        avcodec_free_context(&codec)
        if let format { avio_closep(&format.pointee.pb) }
        avformat_free_context(format)
    }

    /// Adds a picture that is displayed from `seconds` on.
    public mutating func add(_ canvas: borrowing Canvas, at seconds: Double) throws {
        let stamp = max(last + 1, Int64(seconds * 1000))
        last = stamp
        canvas.raw.pointee.format = AV_PIX_FMT_YUV420P.rawValue
        canvas.raw.pointee.pts = stamp
        try encode(canvas.raw)
    }

    /// Completes the file.
    public mutating func finish() throws {
        try encode(nil)
        try FFmpegError.check(av_write_trailer(format), "complete the video")
    }

    private mutating func encode(_ frame: UnsafeMutablePointer<AVFrame>?) throws {
        try FFmpegError.check(avcodec_send_frame(codec, frame), "encode a picture")
        while true {
            let code = avcodec_receive_packet(codec, packet)
            if code == ffAVERROR_EAGAIN || code == ffAVERROR_EOF { return }
            try FFmpegError.check(code, "encode a picture")
            av_packet_rescale_ts(packet, Self.timeBase, stream.pointee.time_base)
            packet?.pointee.stream_index = stream.pointee.index
            try FFmpegError.check(av_interleaved_write_frame(format, packet), "write a picture")
        }
    }
}
