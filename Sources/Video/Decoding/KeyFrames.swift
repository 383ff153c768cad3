internal import CFFmpeg
package import Domain
import Foundation

/// The key frames of a clip as packets, of which each can be decoded as often as it takes to measure that.
///
/// Blocking; one owner, one thread.
package final class KeyFrames {
    private let url: CameraURL
    private let demuxer: Demuxer
    private let keys: [PastPictures.Key]
    private let decoders = DecoderPool(kept: 1)
    /// With the loop filter, and without it.
    private var own: [Bool: PictureDecoder] = [:]
    /// Mean seconds from one to the next.
    package let interval: Double
    /// Mean bytes of the packets of pictures in that time.
    package let intervalBytes: Int

    /// Of a long clip the first ones are kept.
    private static let most = 32
    /// Packets of the longest clip that is read to its end: eleven hours at 25 pictures a second.
    private static let mostPackets = 1_000_000
    /// Seconds by which the end of a round may come early.
    private static let slack = 0.02

    /// Reads the whole clip, and decodes one key frame. Throws where there is none that can be decoded on its own.
    ///
    /// - Parameter aspect: the shape in which pictures are displayed; nil uses that of the clip.
    package init(_ clip: MemoryClip, aspect: Aspect? = nil) throws(VideoError) {
        var options = VideoSource.Options()
        options.aspect = aspect
        options.clip = PacedClip(clip)
        url = CameraURL(clip.path)
        demuxer = try Demuxer(url, options: options, deadline: ReadDeadline())
        let announcement = demuxer.announcement
        var keys: [PastPictures.Key] = []
        var (count, bytes) = (0, 0)
        var begin: Double?
        for _ in 0..<Self.mostPackets {
            guard try demuxer.read() else { break }
            guard let (packet, time) = demuxer.picture() else { continue }
            // From here on it goes round.
            if let begin, time - begin >= clip.seconds - Self.slack { break }
            begin = begin ?? time
            bytes += Int(packet.pointee.size)
            guard packet.pointee.flags & AV_PKT_FLAG_KEY != 0 else { continue }
            count += 1
            guard keys.count < Self.most, Self.isAlike(packet, announcement) else { continue }
            guard let kept = av_packet_clone(packet) else {
                throw VideoError("keep a packet", on: url, cause: "out of memory")
            }
            keys.append(PastPictures.Key(packet: kept, time: time))
        }
        guard !keys.isEmpty else {
            throw VideoError("decode", on: url, cause: "it has no key frame that can be decoded on its own")
        }
        self.keys = keys
        interval = clip.seconds / Double(count)
        intervalBytes = bytes / count
        try decodeAlone(0)
    }

    package var count: Int { keys.count }

    /// One decoder must do for all of them.
    private static func isAlike(_ packet: UnsafePointer<AVPacket>, _ announcement: StreamAnnouncement) -> Bool {
        guard let known = announcement.parameterSets else { return true }
        return ParameterSets(in: packet, of: announcement.codec).map { known.holds($0) } ?? false
    }

    /// Decodes one as a camera's thread does that looks at key frames, by a shared decoder.
    ///
    /// - Parameters:
    ///   - index: counts on: after the last one comes the first one.
    ///   - time: of the picture.
    package func frame(_ index: Int, at time: MediaTime) throws(VideoError) -> Frame {
        let decoder: PictureDecoder
        do throws(FFmpegError) { decoder = try decoders.begin(demuxer.announcement) } catch {
            throw VideoError("open the decoder", on: url, cause: "\(error)")
        }
        defer { decoders.end(decoder) }
        decoder.isHasty = true
        let shown = try turned(try picture(index, by: decoder))
        return Frame(
            taking: shown, time: time, date: Date(timeIntervalSince1970: time.seconds),
            shape: demuxer.shapes.settle(shown, codec: decoder.aspect))
    }

    /// Decodes one by a decoder of its own, and drops the picture: what libavcodec itself needs for it.
    ///
    /// - Parameter isFiltered: see `PictureDecoder.isHasty`.
    package func decodeAlone(_ index: Int, isFiltered: Bool = true) throws(VideoError) {
        let decoder = try ownDecoder(isFiltered: isFiltered)
        var raw = Optional(try picture(index, by: decoder))
        av_frame_free(&raw)
        decoder.reset()
    }

    private func ownDecoder(isFiltered: Bool) throws(VideoError) -> PictureDecoder {
        if let known = own[isFiltered] { return known }
        do throws(FFmpegError) {
            let decoder = try PictureDecoder(demuxer.announcement)
            decoder.isHasty = !isFiltered
            own[isFiltered] = decoder
            return decoder
        } catch {
            throw VideoError("open the decoder", on: url, cause: "\(error)")
        }
    }

    private func picture(
        _ index: Int, by decoder: PictureDecoder
    ) throws(VideoError) -> UnsafeMutablePointer<AVFrame> {
        var raw = av_frame_alloc()
        guard let picture = raw else { throw VideoError("allocate", on: url, cause: "out of memory") }
        let isTaken = decoder.send(keys[index % keys.count].packet)
        decoder.drain()
        guard isTaken, decoder.receive(picture) == 0, !ffIsDamaged(picture) else {
            av_frame_free(&raw)
            throw VideoError("decode", on: url, cause: "one of its key frames gives no whole picture on its own")
        }
        return picture
    }

    /// As it is shown; frees the other one.
    private func turned(_ raw: UnsafeMutablePointer<AVFrame>) throws(VideoError) -> UnsafeMutablePointer<AVFrame> {
        guard let orientation = demuxer.orientation else { return raw }
        var old = Optional(raw)
        defer { av_frame_free(&old) }
        do { return try orientation.turned(raw) } catch {
            throw VideoError("turn the pictures of", on: url, cause: "\(error): encode it upright")
        }
    }
}
