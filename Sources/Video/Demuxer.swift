internal import CFFmpeg
import Synchronization

/// Opens one stream or file, and reads the packets of its pictures. Blocking; one owner, one thread.
final class Demuxer {
    private let url: CameraURL
    private let options: VideoSource.Options
    private let deadline: ReadDeadline
    private var format: UnsafeMutablePointer<AVFormatContext>?
    private var packet: UnsafeMutablePointer<AVPacket>?
    /// A stream's first picture while it has no time: see `FirstStep`.
    private var undated: UnsafeMutablePointer<AVPacket>?
    /// The picture after it, once that has dated it: to be read next.
    private var following: UnsafeMutablePointer<AVPacket>?
    /// A picture has come, dated or not.
    private var hasBegun = false
    private let stream: Int32
    private let timeBase: AVRational
    /// Nil for a file.
    let session: RTSPSession?
    private let feed: PacketFeed?
    /// Nil where no clip is played from memory.
    private let clip: ClipFeed?
    let announcement: StreamAnnouncement
    /// Nil where pictures are stored as they are shown.
    let orientation: Orientation?
    let shapes: ShapeFinder
    /// Nil for a stream.
    private var stamps: FileStamps?
    /// Unix time minus session time, from the sender's RTCP reports; nil until one came.
    private(set) var senderOffset: Double?

    /// The largest piece of memory that libav may allocate at a time, in bytes: a table in a damaged file asks for
    /// gigabytes, and a picture of a stream whose end never comes grows as far as this.
    private static let allocations = Mutex(0)

    /// One limit for the process: as far as the largest picture needs it, of which a plane in 16 bits is one piece.
    private static func allowAllocations(for pixels: Int) {
        allocations.withLock { limit in
            limit = max(limit, 32 << 20, pixels * 3)
            av_max_alloc(limit)
        }
    }

    /// Bytes of one picture of a stream as it is sent: see `PacketScreen`.
    private static let largestPacket = 8 << 20

    init(_ url: CameraURL, options: VideoSource.Options, deadline: ReadDeadline) throws(VideoError) {
        Self.allowAllocations(for: options.largestPicture)
        var opened = false
        guard let context = avformat_alloc_context() else {
            throw VideoError("allocate a demuxer", on: url, cause: "out of memory")
        }
        var format = Optional(context)
        deadline.arm(for: options.openTimeout)
        var session: RTSPSession?
        var feed: PacketFeed?
        let clip = options.clip.flatMap { ClipFeed($0.clip.bytes) }
        // Asked while the context is closed too.
        defer {
            if !opened { avformat_close_input(&format) }
            withExtendedLifetime((session, feed, clip, deadline)) {}
        }
        context.pointee.interrupt_callback = deadline.callback
        var dictionary: OpaquePointer?
        defer { av_dict_free(&dictionary) }
        if url.isStream {
            // The probe ends with the first picture where the description names codec and size, as RTSP's does: it reads
            // nothing for a frame rate or a decoding time, which nobody asks for. Without `nobuffer`, which throws away what the
            // probe has read: that is the first key frame.
            av_dict_set(&dictionary, "analyzeduration", "2000000", 0)
            av_dict_set(&dictionary, "fpsprobesize", "0", 0)
            av_dict_set(&dictionary, "max_ts_probe", "0", 0)
            // The session is ours: libav itself opens nothing.
            av_dict_set(&dictionary, "protocol_whitelist", "none", 0)
            // What is not asked for cannot be abused: no sound, one stream, and none of libav's other decoders.
            av_dict_set(&dictionary, "allowed_media_types", "video", 0)
            av_dict_set(&dictionary, "max_streams", "1", 0)
            av_dict_set(&dictionary, "codec_whitelist", Self.cameraDecoders.joined(separator: ","), 0)
        }
        let result: Int32
        if url.isStream {
            let begun = try Self.begin(url, options, deadline)
            (session, feed) = (begun.session, begun.feed)
            result = begun.feed.open(&format, &dictionary)
        } else if let clip {
            options.clip?.begin()
            result = clip.open(&format, url.address, &dictionary)
        } else {
            result = avformat_open_input(&format, url.address, nil, &dictionary)
        }
        try Self.check(result, "open", url, deadline, session)
        // MPEG-TS in RTP would bring streams along that nothing has described.
        guard !url.isStream || format?.pointee.nb_streams != 0 else {
            throw VideoError(
                "find a video stream in", on: url, cause: "its description names no video that is taken",
                kind: .noVideo)
        }
        try Self.check(Self.probe(format, options.largestPicture), "probe", url, deadline, session)
        var decoder: UnsafePointer<AVCodec>?
        let stream = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0)
        guard stream >= 0, let info = format?.pointee.streams[Int(stream)], let shape = info.pointee.codecpar else {
            throw VideoError(
                "find a video stream in", on: url, cause: "it holds no video that can be decoded", kind: .noVideo)
        }
        let name = decoder.map { String(cString: $0.pointee.name) } ?? ""
        guard !url.isStream || Self.cameraDecoders.contains(name) else {
            throw VideoError(
                "decode", on: url, cause: "it sends \(name) where H.264 or H.265 is taken", kind: .noVideo)
        }
        let size = (shape.pointee.width, shape.pointee.height)
        guard Int(size.0) * Int(size.1) <= options.largestPicture else {
            throw VideoError(
                "decode", on: url,
                cause: "its pictures of \(size.0)x\(size.1) pixels are too large: \(options.allowedPictures)",
                kind: .tooLarge)
        }
        let announcement: StreamAnnouncement
        do {
            announcement = try StreamAnnouncement(
                shape, largestPicture: options.largestPicture, way: options.decoding)
        } catch {
            throw VideoError("set up the decoder", on: url, cause: "\(error)")
        }
        let orientation = Self.matrix(info).map(Orientation.init(matrix:))
        guard orientation != .some(nil) else {
            throw VideoError(
                "show", on: url,
                cause: "its pictures are to be turned by something else than a quarter: encode it upright")
        }

        guard let packet = av_packet_alloc() else { throw VideoError("allocate", on: url, cause: "out of memory") }

        opened = true
        self.orientation = orientation.flatMap(\.self).flatMap { $0.isUpright ? nil : $0 }
        shapes = ShapeFinder(
            configured: options.aspect, stream: url.isStream ? nil : UnsafePointer(info),
            codec: shape.pointee.codec_id, isTransposed: self.orientation?.isTransposed ?? false)
        self.announcement = announcement
        self.timeBase = info.pointee.time_base
        self.session = session
        self.feed = feed
        self.clip = clip
        self.deadline = deadline
        self.options = options
        self.stream = stream
        self.format = format
        self.packet = packet
        self.url = url
        if !url.isStream {
            stamps = FileStamps(
                timeBase: info.pointee.time_base, rates: [info.pointee.avg_frame_rate, info.pointee.r_frame_rate])
        }
    }

    deinit {
        for var packet in [packet, undated, following] { av_packet_free(&packet) }
        avformat_close_input(&format)
        withExtendedLifetime((feed, clip, deadline)) {}
        session?.close()
    }

    /// Seconds as the container claims them; nil for a live stream.
    var duration: Double? {
        guard let format, format.pointee.duration > 0 else { return nil }
        return Double(format.pointee.duration) / Double(AV_TIME_BASE)
    }

    /// Whether times are counted in pictures, in the order of decoding, because the file has none that can be used.
    var areTimesCounted: Bool { stamps?.areCounted == true }

    /// Reads the next packet, of whatever stream; false at the end.
    func read() throws(VideoError) -> Bool {
        av_packet_unref(packet)
        if following != nil {
            av_packet_move_ref(packet, following)
            av_packet_free(&following)
            return true
        }
        deadline.arm(for: options.readTimeout)
        let code = clip?.read(format, packet, stream: stream) ?? av_read_frame(format, packet)
        guard code != ffAVERROR_EOF else { return false }
        try Self.check(code, "read", url, deadline, session)
        session?.screen.notePicture()
        options.progress()
        if url.isStream, let size = packet?.pointee.size, Int(size) > Self.largestPacket {
            throw VideoError(
                "decode", on: url, cause: "one of its pictures has \(size >> 20) MiB, more than cameras send")
        }
        return true
    }

    /// The packet that was read last, with its time in seconds, until the next one is read; nil where it is none of a picture
    /// or has no time. Ask once.
    func picture() -> (packet: UnsafeMutablePointer<AVPacket>, time: Double)? {
        guard let packet, packet.pointee.stream_index == stream else { return nil }
        stamps?.mend(&packet.pointee)
        defer { hasBegun = true }
        guard let time = seconds(packet.pointee.pts != ffNOPTS ? packet.pointee.pts : packet.pointee.dts) else {
            // A second one without a time: the first cannot be dated any more.
            if undated != nil { av_packet_free(&undated) } else if !hasBegun, session != nil { undated = taken(packet) }
            return nil
        }
        noteSenderTime(packet, at: time)
        if undated != nil, let first = date(before: packet, at: time) { return (packet, first) }
        return (packet, time)
    }

    /// Puts a stream's first picture in place of `packet`, which follows it at `time`, and returns its time; nil where that is
    /// not known.
    private func date(before packet: UnsafeMutablePointer<AVPacket>, at time: Double) -> Double? {
        defer { av_packet_free(&undated) }
        guard let session, let undated, timeBase.num > 0,
            let step = session.firstStep.seconds(clockRate: session.track?.clockRate ?? 90_000)
        else { return nil }
        following = taken(packet)
        guard following != nil else { return nil }
        av_packet_move_ref(packet, undated)
        packet.pointee.pts = Int64(((time - step) * Double(timeBase.den) / Double(timeBase.num)).rounded())
        packet.pointee.dts = packet.pointee.pts
        return seconds(packet.pointee.pts)
    }

    /// What `packet` holds, in a packet of its own; nil, and `packet` as it was, where memory cannot be allocated.
    private func taken(_ packet: UnsafeMutablePointer<AVPacket>) -> UnsafeMutablePointer<AVPacket>? {
        guard let other = av_packet_alloc() else { return nil }
        av_packet_move_ref(other, packet)
        return other
    }

    func seconds(_ stamp: Int64) -> Double? {
        let seconds = Double(stamp) * Double(timeBase.num) / Double(timeBase.den)
        // Thirty thousand years, and no stamp that is not a number: whoever counts in whole seconds is safe.
        return stamp != ffNOPTS && abs(seconds) < 1e12 ? seconds : nil
    }

    private func noteSenderTime(_ packet: UnsafeMutablePointer<AVPacket>, at time: Double) {
        var size = 0
        guard let data = av_packet_get_side_data(packet, AV_PKT_DATA_PRFT, &size),
            size >= MemoryLayout<AVProducerReferenceTime>.size
        else { return }
        let reference = UnsafeRawPointer(data).loadUnaligned(as: AVProducerReferenceTime.self)
        senderOffset = isSenderDistrusted ? nil : Double(reference.wallclock) / 1e6 - time
    }

    /// See `SenderClock`.
    var isSenderDistrusted: Bool { session?.clock.isDistrusted ?? false }

    /// The decoders that a camera may ask for, by libav's names.
    private static let cameraDecoders = ["h264", "hevc", "mjpeg", "mpeg4"]

    private static func matrix(_ stream: UnsafeMutablePointer<AVStream>) -> [Int32]? {
        var size = 0
        guard let data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size),
            size >= 9 * MemoryLayout<Int32>.size
        else { return nil }
        return (0..<9).map {
            UnsafeRawPointer(data).loadUnaligned(fromByteOffset: $0 * MemoryLayout<Int32>.size, as: Int32.self)
        }
    }

    /// libav decodes here already where a description does not tell enough.
    private static func probe(_ format: UnsafeMutablePointer<AVFormatContext>?, _ largestPicture: Int) -> Int32 {
        var limits = [OpaquePointer?](repeating: nil, count: Int(format?.pointee.nb_streams ?? 0))
        for index in limits.indices { av_dict_set(&limits[index], "max_pixels", "\(largestPicture)", 0) }
        defer { for index in limits.indices { av_dict_free(&limits[index]) } }
        return avformat_find_stream_info(format, &limits)
    }

    private static func begin(
        _ url: CameraURL, _ options: VideoSource.Options, _ deadline: ReadDeadline
    ) throws(VideoError) -> (session: RTSPSession, feed: PacketFeed) {
        let wishes = RTSPSession.Options(
            transport: options.transport, readTimeout: options.readTimeout, memory: options.memory,
            gate: options.credentials, uptime: options.uptime, largestPicture: options.largestPicture,
            authority: options.authority)
        let session: RTSPSession
        do throws(RTSPFault) {
            session = try RTSPSession(url, options: wishes, deadline: deadline)
        } catch {
            throw VideoError("open", on: url, fault: error)
        }
        guard let feed = PacketFeed(session) else { throw VideoError("open", on: url, cause: "out of memory") }
        return (session, feed)
    }

    private static func check(
        _ code: Int32, _ operation: String, _ url: CameraURL, _ deadline: ReadDeadline, _ session: RTSPSession?
    ) throws(VideoError) {
        // What broke the session: libav goes on after some of its faults.
        if let fault = session?.fault { throw VideoError(operation, on: url, fault: fault) }
        guard code < 0 else { return }
        // An interrupted call returns one of several codes: only the deadline knows.
        if deadline.isStopped { throw VideoError(operation, on: url, cause: "stopped", kind: .stopped) }
        if deadline.isOver {
            throw VideoError(operation, on: url, cause: "no answer within \(deadline.text)", kind: .silent)
        }
        let cause = "\(FFmpegError(operation: operation, code: code))"
        throw VideoError(operation, on: url, cause: CameraURL.redact(cause))
    }
}
