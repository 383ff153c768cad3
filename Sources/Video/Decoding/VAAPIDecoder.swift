internal import CFFmpeg
import Foundation

/// The decoders of this computer's devices.
enum LocalDevices {
    static func open(_ device: DecodingDevice, _ announcement: StreamAnnouncement) throws -> any DeviceDecoder {
        switch device {
        case .vaapi: return try VAAPIDecoder(announcement, on: GraphicsProcessor.first.get())
        case .v4l2m2m: return try V4L2Decoder(announcement)
        }
    }
}

/// A render device, opened by VA-API once for all decoders of the process.
// @unchecked: never changed after `init`; drivers lock what threads share.
final class GraphicsProcessor: @unchecked Sendable {
    /// The first that can be opened, in the order of their names.
    static let first = Result { try GraphicsProcessor(in: "/dev/dri") }

    fileprivate let context: UnsafeMutablePointer<AVBufferRef>

    init(in folder: String) throws { context = try Self.open(in: folder) }

    deinit {
        var context = Optional(context)
        av_buffer_unref(&context)
    }

    private static func open(in folder: String) throws -> UnsafeMutablePointer<AVBufferRef> {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let paths = names.filter { $0.hasPrefix("renderD") }.sorted().map { folder + "/" + $0 }
        guard !paths.isEmpty else {
            throw DeviceRefusal(reason: "there is no render device in \(folder)", isForAll: true)
        }
        var reasons: [String] = []
        for path in paths {
            var context: UnsafeMutablePointer<AVBufferRef>?
            let code = av_hwdevice_ctx_create(&context, AV_HWDEVICE_TYPE_VAAPI, path, nil, 0)
            if code >= 0, let context { return context }
            reasons.append("\(FFmpegError(operation: "open \(path)", code: code))")
        }
        throw DeviceRefusal(reason: reasons.joined(separator: ", "), isForAll: true)
    }
}

/// A graphics processor's decoder, by VA-API.
// @unchecked: one owner at a time.
final class VAAPIDecoder: DeviceDecoder, @unchecked Sendable {
    /// Surfaces, of which libav would take 17: a key frame on its own needs one, and one more for each picture that the stream
    /// lets it miss.
    static let surfaces = 8

    private var codec: UnsafeMutablePointer<AVCodecContext>?
    private var surface = av_frame_alloc()

    init(_ announcement: StreamAnnouncement, on processor: GraphicsProcessor) throws(FFmpegError) {
        codec = try announcement.openDecoder { codec in
            codec.pointee.hw_device_ctx = av_buffer_ref(processor.context)
            codec.pointee.get_format = { context, offered in VAAPIDecoder.choose(context, offered) }
        }
    }

    deinit {
        av_frame_free(&surface)
        avcodec_free_context(&codec)
    }

    func decode(
        _ packet: UnsafeMutablePointer<AVPacket>, into picture: UnsafeMutablePointer<AVFrame>
    ) throws(FFmpegError) {
        guard let surface else { throw FFmpegError(operation: "allocate a picture", code: ffAVERROR_ENOMEM) }
        defer {
            av_frame_unref(surface)
            avcodec_flush_buffers(codec)
        }
        try FFmpegError.check(avcodec_send_packet(codec, packet), "give a packet to the device")
        avcodec_send_packet(codec, nil)
        try FFmpegError.check(avcodec_receive_frame(codec, surface), "receive a picture of the device")
        try FFmpegError.check(av_hwframe_transfer_data(picture, surface, 0), "read a picture of the device")
        try FFmpegError.check(av_frame_copy_props(picture, surface), "copy a picture of the device")
        // Of a surface libav cuts the right and the lower edge only.
        try FFmpegError.check(
            av_frame_apply_cropping(picture, Int32(AV_FRAME_CROP_UNALIGNED)), "crop a picture of the device")
    }

    /// Anything but a surface is refused: software decodes elsewhere.
    private static func choose(
        _ context: UnsafeMutablePointer<AVCodecContext>?, _ offered: UnsafePointer<AVPixelFormat>?
    ) -> AVPixelFormat {
        var next = offered
        while let format = next?.pointee, format != AV_PIX_FMT_NONE {
            if format == AV_PIX_FMT_VAAPI, let context, makeSurfaces(context) { return format }
            next = next?.advanced(by: 1)
        }
        return AV_PIX_FMT_NONE
    }

    /// For pictures of the size that the decoder has just read.
    private static func makeSurfaces(_ context: UnsafeMutablePointer<AVCodecContext>) -> Bool {
        var reference: UnsafeMutablePointer<AVBufferRef>?
        let code = avcodec_get_hw_frames_parameters(
            context, context.pointee.hw_device_ctx, AV_PIX_FMT_VAAPI, &reference)
        guard code >= 0, let frames = reference, let data = frames.pointee.data else { return false }
        let pool = UnsafeMutableRawPointer(data).assumingMemoryBound(to: AVHWFramesContext.self)
        pool.pointee.initial_pool_size = min(pool.pointee.initial_pool_size, Int32(surfaces))
        guard av_hwframe_ctx_init(frames) >= 0 else {
            av_buffer_unref(&reference)
            return false
        }
        context.pointee.hw_frames_ctx = frames
        return true
    }
}
