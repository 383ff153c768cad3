internal import CFFmpeg

/// One of libav's decoders, for streams that announce the same: packets in, pictures out.
// @unchecked: one owner at a time; the pool hands it on under its lock.
final class PictureDecoder: @unchecked Sendable {
    let announcement: StreamAnnouncement
    private var codec: UnsafeMutablePointer<AVCodecContext>?
    /// It was given or gave out something faulty since it was opened.
    private(set) var isTainted = false

    /// - Parameter isFiltered: see `StreamAnnouncement.openDecoder`.
    init(_ announcement: StreamAnnouncement, isFiltered: Bool = true) throws(FFmpegError) {
        self.announcement = announcement
        codec = try announcement.openDecoder(isFiltered: isFiltered)
    }

    deinit { avcodec_free_context(&codec) }

    /// The width of a pixel by its height, where pictures do not say it themselves.
    var aspect: AVRational { codec?.pointee.sample_aspect_ratio ?? AVRational(num: 0, den: 1) }

    /// So libav leaves it where it has refused a size.
    var hasRefusedSize: Bool { codec?.pointee.width == 0 }

    /// How many pictures it keeps to decode others, as far as it says.
    var keptPictures: Int { codec.map { Int(max(1, $0.pointee.refs, $0.pointee.has_b_frames)) } ?? 1 }

    /// Gives it the next packet; false where it does not take it.
    func send(_ packet: UnsafeMutablePointer<AVPacket>) -> Bool {
        guard avcodec_send_packet(codec, packet) >= 0 else {
            isTainted = true
            return false
        }
        return true
    }

    /// Nothing follows: all pictures come out. It takes packets again after `reset`.
    func drain() { avcodec_send_packet(codec, nil) }

    /// As `avcodec_receive_frame`.
    func receive(_ picture: UnsafeMutablePointer<AVFrame>) -> Int32 {
        let code = avcodec_receive_frame(codec, picture)
        if code < 0, code != ffAVERROR_EAGAIN, code != ffAVERROR_EOF { isTainted = true }
        return code
    }

    /// It forgets all pictures, so that nothing refers to them. The sets of parameters stay.
    func reset() { avcodec_flush_buffers(codec) }
}
