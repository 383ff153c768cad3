internal import CFFmpeg

/// Receives as a camera's thread does while nobody looks: each packet is read, and kept until the next key frame; none is
/// decoded. For measuring.
///
/// Blocking; one owner, one thread.
package final class PacketReceiver {
    private let url: CameraURL
    private let demuxer: Demuxer
    private var buffer = GOPBuffer()
    private let skipped = SkippedKeys()

    /// Packets among which there must be a key frame.
    private static let most = 100_000

    /// A clip that goes round and round, as fast as it is asked for.
    package convenience init(_ clip: MemoryClip) throws(VideoError) {
        var options = VideoSource.Options()
        options.clip = PacedClip(clip)
        try self.init(CameraURL(clip.path), options)
    }

    /// A stream, as fast as it comes.
    package convenience init(_ stream: CameraURL) throws(VideoError) { try self.init(stream, VideoSource.Options()) }

    private init(_ url: CameraURL, _ options: VideoSource.Options) throws(VideoError) {
        self.url = url
        demuxer = try Demuxer(url, options: options, deadline: ReadDeadline())
    }

    /// Receives up to and with the next key frame. Throws where there is none, or the stream breaks off.
    ///
    /// - Returns: bytes of the packets.
    @discardableResult
    package func receive() throws(VideoError) -> Int {
        var bytes = 0
        for _ in 0..<Self.most {
            guard try demuxer.read() else { throw VideoError("read", on: url, cause: "it has ended") }
            guard let (packet, time) = demuxer.picture() else { continue }
            bytes += Int(packet.pointee.size)
            let isKey = packet.pointee.flags & AV_PKT_FLAG_KEY != 0
            if isKey {
                buffer.restart()
            } else if buffer.isFull {
                buffer.close()
            }
            guard buffer.add(packet), !isKey || skipped.add(packet, at: time) else {
                throw VideoError("keep a packet", on: url, cause: "out of memory")
            }
            if isKey { return bytes }
        }
        throw VideoError("play", on: url, cause: "it has no key frames")
    }
}
