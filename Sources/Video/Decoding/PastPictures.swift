internal import CFFmpeg
import Domain
import Foundation

/// The key frames between two looks, as packets: looking back costs what looking would have cost, and only where somebody asks.
// @unchecked: never changed after `init`, and libav only reads a packet.
public final class PastPictures: @unchecked Sendable {
    /// Owns its packet.
    final class Key {
        let packet: UnsafeMutablePointer<AVPacket>
        /// In the session, in seconds.
        let time: Double
        let bytes: Int

        init(packet: UnsafeMutablePointer<AVPacket>, time: Double) {
            (self.packet, self.time, bytes) = (packet, time, Int(packet.pointee.size))
        }

        deinit {
            var packet = Optional(packet)
            av_packet_free(&packet)
        }
    }

    private let keys: [Key]
    /// Of the picture that was looked at, in the session, in seconds.
    private let now: Double
    private let announcement: StreamAnnouncement
    private let decoders: DecoderPool

    /// - Parameter keys: the oldest first.
    init(_ keys: [Key], before now: Double, _ announcement: StreamAnnouncement, _ decoders: DecoderPool) {
        self.keys = keys
        self.now = now
        self.announcement = announcement
        self.decoders = decoders
    }

    public var count: Int { keys.count }

    /// Decodes one of them; nil where it is not whole, or cannot be decoded on its own. Blocking: some 20 ms for 1080p.
    ///
    /// - Parameters:
    ///   - index: 0 for the oldest.
    ///   - frame: the one that was looked at.
    public func picture(_ index: Int, before frame: Frame) -> Frame? {
        let key = keys[index]
        if let known = announcement.parameterSets {
            guard let brought = ParameterSets(in: key.packet, of: announcement.codec), known.holds(brought)
            else { return nil }
        }
        var raw = decoders.picture(of: key.packet, announcement, isHasty: true)
        guard let picture = raw,
            (picture.pointee.width, picture.pointee.height)
                == (frame.raw.pointee.width, frame.raw.pointee.height)
        else {
            av_frame_free(&raw)
            return nil
        }
        picture.pointee.sample_aspect_ratio = frame.raw.pointee.sample_aspect_ratio
        let age = now - key.time
        let kept = KeyPicture(key.packet, announcement, decoders)
        kept?.aspect = picture.pointee.sample_aspect_ratio
        return Frame(
            taking: picture, time: MediaTime(frame.time.seconds - age), date: frame.date.addingTimeInterval(-age),
            shape: frame.shape, key: kept)
    }
}

/// Whether the decoder had to invent parts of a picture.
func ffIsDamaged(_ picture: UnsafePointer<AVFrame>) -> Bool {
    picture.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0 || picture.pointee.decode_error_flags != 0
}
