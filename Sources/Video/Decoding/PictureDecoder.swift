internal import CFFmpeg

/// A decoder of libav's, or of a device with libav's beside it, for streams that announce the same: packets in, pictures out.
// @unchecked: one owner at a time; the pool hands it on under its lock.
final class PictureDecoder: @unchecked Sendable {
    let announcement: StreamAnnouncement
    /// Nil while a device decodes and is not doubted.
    private var codec: UnsafeMutablePointer<AVCodecContext>?
    private let device: DeviceSession?
    /// It was given or gave out something faulty since it was opened. libavcodec (5.1.9, H.264) carries what is left of a faulty
    /// macroblock into the next picture, over a flush, and does not flag it.
    private(set) var isTainted = false
    /// For pictures that are looked at and not kept: software leaves out the loop filter of H.264 and H.265, a tenth of the work.
    var isHasty = false

    /// - Parameter devices: those that decode in place of software, as far as the announcement asks for one; such a decoder is given
    ///   key frames on their own. Nil: software decodes.
    init(_ announcement: StreamAnnouncement, _ devices: DecodingDevices? = nil) throws(FFmpegError) {
        self.announcement = announcement
        device = devices?.open(announcement)
        if device == nil { codec = try announcement.openDecoder() }
    }

    deinit { avcodec_free_context(&codec) }

    /// The width of a pixel by its height, where pictures do not say it themselves.
    var aspect: AVRational { codec?.pointee.sample_aspect_ratio ?? announcement.aspect }

    /// So libav leaves it where it has refused a size.
    var hasRefusedSize: Bool { codec?.pointee.width == 0 }

    /// How many pictures it keeps to decode others, as far as it says.
    var keptPictures: Int { codec.map { Int(max(1, $0.pointee.refs, $0.pointee.has_b_frames)) } ?? 1 }

    /// Gives it the next packet; false where it does not take it.
    func send(_ packet: UnsafeMutablePointer<AVPacket>) -> Bool {
        if let device {
            if device.decode(packet) { return true }
            if device.hasFailed { isTainted = true }
            do throws(FFmpegError) { if codec == nil { codec = try announcement.openDecoder() } } catch {
                isTainted = true
                return false
            }
        }
        codec?.pointee.skip_loop_filter = isHasty && device == nil ? AVDISCARD_ALL : AVDISCARD_DEFAULT
        guard avcodec_send_packet(codec, packet) >= 0 else {
            isTainted = true
            return false
        }
        return true
    }

    /// Nothing follows: all pictures come out. It takes packets again after `reset`.
    func drain() {
        if let codec { avcodec_send_packet(codec, nil) }
    }

    /// As `avcodec_receive_frame`.
    func receive(_ picture: UnsafeMutablePointer<AVFrame>) -> Int32 {
        if let device, device.take(into: picture) { return 0 }
        guard let codec else { return ffAVERROR_EOF }
        let code = avcodec_receive_frame(codec, picture)
        if code < 0, code != ffAVERROR_EAGAIN, code != ffAVERROR_EOF { isTainted = true }
        guard code == 0 else { return code }
        if ffIsDamaged(picture) {
            isTainted = true
        } else if let device, !device.stands(beside: picture) {
            isTainted = true
        }
        return code
    }

    /// It forgets all pictures, so that nothing refers to them. The sets of parameters stay.
    func reset() {
        guard let device else {
            avcodec_flush_buffers(codec)
            return
        }
        device.forget()
        avcodec_free_context(&codec)
    }
}
