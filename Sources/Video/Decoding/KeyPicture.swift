internal import CFFmpeg
public import Domain
public import Foundation

/// The key frame that a picture was decoded of, as the camera sent it. It is a tenth of the picture and less, and can be decoded
/// again, in whole quality, by who keeps it.
// @unchecked: not changed after it was handed out, and libav only reads a packet.
public final class KeyPicture: @unchecked Sendable {
    private var packet: UnsafeMutablePointer<AVPacket>?
    private let announcement: StreamAnnouncement
    private let decoders: DecoderPool
    /// The width of a pixel by its height.
    var aspect = AVRational(num: 0, den: 1)

    /// Keeps a reference to the packet's data, which is not copied; nil where there is no memory for it.
    init?(
        _ packet: UnsafePointer<AVPacket>, _ announcement: StreamAnnouncement, _ decoders: DecoderPool
    ) {
        (self.announcement, self.decoders) = (announcement, decoders)
        self.packet = av_packet_clone(packet)
        guard self.packet != nil else { return nil }
    }

    deinit { av_packet_free(&packet) }

    /// What it holds in memory.
    public var bytes: Int { packet.map { Int($0.pointee.size) } ?? 0 }

    /// Decodes it in whole quality. Blocking: some 35 ms for 1080p. Throws where it cannot be decoded.
    ///
    /// - Parameters: when it was taken, on the camera's timeline and by its clock.
    public func frame(time: MediaTime = MediaTime(0), date: Date = .distantPast) throws -> Frame {
        guard let packet, let raw = decoders.picture(of: packet, announcement, isHasty: false) else {
            throw FFmpegError(operation: "decode a key frame that was kept", code: ffAVERROR_INVALIDDATA)
        }
        raw.pointee.sample_aspect_ratio = aspect
        return Frame(taking: raw, time: time, date: date)
    }
}

extension DecoderPool {
    /// Decodes one key frame on its own, in its turn; nil where that cannot be, or parts of it had to be invented. Blocking.
    /// The caller frees it.
    ///
    /// - Parameter isHasty: see `PictureDecoder`.
    func picture(
        of packet: UnsafeMutablePointer<AVPacket>, _ announcement: StreamAnnouncement, isHasty: Bool
    ) -> UnsafeMutablePointer<AVFrame>? {
        guard let decoder = try? begin(announcement) else { return nil }
        defer { end(decoder) }
        decoder.isHasty = isHasty
        var raw = av_frame_alloc()
        guard let picture = raw, decoder.send(packet) else {
            av_frame_free(&raw)
            return nil
        }
        decoder.drain()
        guard decoder.receive(picture) == 0, !ffIsDamaged(picture) else {
            av_frame_free(&raw)
            return nil
        }
        return picture
    }
}
