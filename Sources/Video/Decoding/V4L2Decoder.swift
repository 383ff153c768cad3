internal import CFFmpeg
import Foundation

/// A decoder of a small board, by libav's wrapper of V4L2's stateful decoders.
///
/// To give out a key frame at once it has to be told that nothing follows, and libav knows no way on from there: the device is opened
/// anew for each picture, and holds no memory between two.
final class V4L2Decoder: DeviceDecoder {
    /// Pictures and packets, as few as libav lets it have.
    static let buffers = 26
    private static let packets: Int64 = 6
    /// How often it is asked for its picture: it may have to read the size first, or to give a packet back.
    private static let attempts = 64

    private let announcement: StreamAnnouncement
    private let sets: ParameterSets
    private let name: String

    /// - Parameter folder: where devices are.
    init(_ announcement: StreamAnnouncement, in folder: String = "/dev") throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        guard names.contains(where: { $0.hasPrefix("video") }) else {
            throw DeviceRefusal(reason: "there is no video device in \(folder)", isForAll: true)
        }
        let name = announcement.codec == AV_CODEC_ID_H264 ? "h264_v4l2m2m" : "hevc_v4l2m2m"
        guard avcodec_find_decoder_by_name(name) != nil else {
            throw DeviceRefusal(reason: "this libavcodec has no \(name)", isForAll: true)
        }
        guard let sets = announcement.parameterSets, sets.isComplete else {
            throw DeviceRefusal(reason: "its sets of parameters are not those of a stream")
        }
        self.announcement = announcement
        self.sets = sets
        self.name = name
        // Whether there is a device that takes it.
        var codec = try Optional(open())
        avcodec_free_context(&codec)
    }

    private func open() throws(FFmpegError) -> UnsafeMutablePointer<AVCodecContext> {
        try announcement.openDecoder(named: name) { codec in
            _ = av_opt_set_int(codec.pointee.priv_data, "num_output_buffers", Self.packets, 0)
        }
    }

    /// What begins a stream. From other marks of refreshed pictures libav's own decoder waits until they are whole; nobody knows what a
    /// device does.
    func takes(_ packet: UnsafePointer<AVPacket>) -> Bool {
        ParameterSets(in: packet, of: announcement.codec)?.isBeforeStart == true
    }

    func decode(
        _ packet: UnsafeMutablePointer<AVPacket>, into picture: UnsafeMutablePointer<AVFrame>
    ) throws(FFmpegError) {
        var whole: UnsafeMutablePointer<AVPacket>? = try Self.complete(
            packet, with: sets, of: announcement.codec)
        var taken = av_frame_alloc()
        var codec: UnsafeMutablePointer<AVCodecContext>?
        // Its pictures are the device's memory: they go first.
        defer {
            av_frame_free(&taken)
            av_packet_free(&whole)
            avcodec_free_context(&codec)
        }
        codec = try open()
        guard let taken else { throw FFmpegError(operation: "allocate a picture", code: ffAVERROR_ENOMEM) }
        try FFmpegError.check(avcodec_send_packet(codec, whole), "give a packet to the device")
        avcodec_send_packet(codec, nil)
        var code = ffAVERROR_EAGAIN
        for _ in 0..<Self.attempts where code == ffAVERROR_EAGAIN { code = avcodec_receive_frame(codec, taken) }
        try FFmpegError.check(code, "receive a picture of the device")
        picture.pointee.format = taken.pointee.format
        (picture.pointee.width, picture.pointee.height) = (taken.pointee.width, taken.pointee.height)
        try FFmpegError.check(av_frame_get_buffer(picture, 0), "allocate a picture")
        try FFmpegError.check(av_frame_copy(picture, taken), "read a picture of the device")
        try FFmpegError.check(av_frame_copy_props(picture, taken), "copy a picture of the device")
        picture.pointee.pts = packet.pointee.pts
        ffMarkKeyFrame(picture)
    }

    /// A copy of a packet with its sets of parameters in front, which many streams send apart: libav does not give them to the
    /// device. The caller frees it.
    static func complete(
        _ packet: UnsafePointer<AVPacket>, with sets: ParameterSets, of codec: AVCodecID
    ) throws(FFmpegError) -> UnsafeMutablePointer<AVPacket> {
        let isComplete = ParameterSets(in: packet, of: codec)?.isComplete == true
        let (head, size) = (isComplete ? [] : sets.bytes, Int(packet.pointee.size))
        guard let whole = av_packet_alloc() else {
            throw FFmpegError(operation: "allocate a packet", code: ffAVERROR_ENOMEM)
        }
        var unfinished: UnsafeMutablePointer<AVPacket>? = whole
        var isDone = false
        defer { if !isDone { av_packet_free(&unfinished) } }
        try FFmpegError.check(av_new_packet(whole, Int32(clamping: head.count + size)), "allocate a packet")
        try FFmpegError.check(av_packet_copy_props(whole, packet), "copy a packet")
        guard let target = whole.pointee.data, let data = packet.pointee.data else {
            throw FFmpegError(operation: "copy a packet", code: ffAVERROR_INVALIDDATA)
        }
        target.update(from: head, count: head.count)
        (target + head.count).update(from: data, count: size)
        isDone = true
        return whole
    }
}
