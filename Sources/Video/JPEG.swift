internal import CFFmpeg
public import Domain
public import Foundation

/// JPEG through libavcodec's mjpeg, so that no second imaging library is loaded.
public enum JPEG {
    /// Encodes a frame or a part of it at full resolution.
    ///
    /// - Parameters:
    ///   - part: what to encode; the whole picture where nil.
    ///   - quality: libavcodec's scale, 2 (best) … 31.
    public static func encode(_ frame: Frame, part: Box? = nil, quality: Int = 4) throws -> [UInt8] {
        let canvas = try Canvas(frame, part: part)
        return try encode(canvas, quality: quality)
    }

    /// Encodes a canvas; `quality` is libavcodec's scale, 2 (best) … 31.
    public static func encode(_ canvas: borrowing Canvas, quality: Int = 4) throws -> [UInt8] {
        guard let encoder = avcodec_find_encoder(AV_CODEC_ID_MJPEG) else {
            throw FFmpegError(operation: "find libavcodec's mjpeg encoder", code: ffAVERROR_INVALIDDATA)
        }
        var context = avcodec_alloc_context3(encoder)
        defer { avcodec_free_context(&context) }
        context?.pointee.width = canvas.raw.pointee.width
        context?.pointee.height = canvas.raw.pointee.height
        context?.pointee.pix_fmt = AV_PIX_FMT_YUVJ420P
        context?.pointee.color_range = AVCOL_RANGE_JPEG
        context?.pointee.time_base = AVRational(num: 1, den: 1)
        context?.pointee.thread_count = 1
        context?.pointee.flags |= AV_CODEC_FLAG_QSCALE | AV_CODEC_FLAG_BITEXACT
        context?.pointee.global_quality = Int32(quality) * FF_QP2LAMBDA
        try FFmpegError.check(avcodec_open2(context, encoder, nil), "open the JPEG encoder")
        canvas.raw.pointee.quality = Int32(quality) * FF_QP2LAMBDA
        try FFmpegError.check(avcodec_send_frame(context, canvas.raw), "encode a JPEG")
        var packet = av_packet_alloc()
        defer { av_packet_free(&packet) }
        try FFmpegError.check(avcodec_receive_packet(context, packet), "encode a JPEG")
        guard let packet, let data = packet.pointee.data else { return [] }
        return Array(UnsafeBufferPointer(start: data, count: Int(packet.pointee.size)))
    }

    /// Decodes a picture that was encoded earlier.
    ///
    /// - Parameters: when the picture was taken, on the camera's timeline and by its clock.
    public static func decode(_ jpeg: [UInt8], time: MediaTime = MediaTime(0), date: Date = .distantPast) throws
        -> Frame
    {
        guard let decoder = avcodec_find_decoder(AV_CODEC_ID_MJPEG) else {
            throw FFmpegError(operation: "find libavcodec's mjpeg decoder", code: ffAVERROR_INVALIDDATA)
        }
        var context = avcodec_alloc_context3(decoder)
        defer { avcodec_free_context(&context) }
        context?.pointee.thread_count = 1
        try FFmpegError.check(avcodec_open2(context, decoder, nil), "open the JPEG decoder")
        var packet = av_packet_alloc()
        defer { av_packet_free(&packet) }
        try FFmpegError.check(av_new_packet(packet, Int32(clamping: jpeg.count)), "decode a JPEG")
        packet?.pointee.data.update(from: jpeg, count: jpeg.count)
        try FFmpegError.check(avcodec_send_packet(context, packet), "decode a JPEG")
        var frame = av_frame_alloc()
        defer { av_frame_free(&frame) }
        try FFmpegError.check(avcodec_receive_frame(context, frame), "decode a JPEG")
        guard let taken = frame else {
            throw FFmpegError(operation: "decode a JPEG", code: ffAVERROR_INVALIDDATA)
        }
        frame = nil
        return Frame(taking: taken, time: time, date: date)
    }
}
