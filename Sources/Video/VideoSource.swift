internal import CFFmpeg
import Domain
import Foundation
import Synchronization

/// Demuxes and decodes one stream or file. Blocking; one owner, one thread.
struct VideoSource: ~Copyable {
    struct Options: Sendable {
        var transport = Transport.auto
        var memory = StreamMemory()
        var credentials = CredentialGate.shared
        /// Path of the certificates, as PEM, that vouch for a camera of `rtsps`; nil where nobody has to.
        var authority: String?
        /// Seconds.
        var openTimeout = 10.0
        var readTimeout = 5.0
        var sampling = SamplingPolicy.keyFrames(promise: 3)
        /// Pixels of the largest picture that is decoded: 8K and a little, for files. Without a limit a few bytes make the
        /// decoder allocate gigabytes.
        var largestPicture = 8192 * 4608
        var budget = DecodingBudget.shared
        /// The shape in which pictures are shown; what the stream says where nil.
        var aspect: Aspect?
        /// A clock that only runs, in seconds. A stream is held to it; a file is what it says, however fast it is read.
        var uptime = Clocks.system.uptime
        /// What is played in place of the file, whose path only names it then; nil for all others.
        var clip: PacedClip?
        /// Called for each packet that comes.
        var progress: @Sendable () -> Void = {}
        /// Called with the size of each packet of the pictures, in bytes.
        var receive: @Sendable (Int) -> Void = { _ in }
        /// Called once when a stream brings packets but no picture for longer than a fault may go unsaid, with the reason.
        var starve: @Sendable (String) -> Void = { _ in }
    }

    /// A picture and its time in the session, in seconds.
    struct Picture: ~Copyable {
        let raw: UnsafeMutablePointer<AVFrame>
        let pts: Double
        let isBurstFrame: Bool
        let shape: PictureShape
        /// What an operator should know of the stream.
        let remarks: [String]
    }

    private var format: UnsafeMutablePointer<AVFormatContext>?
    private var codec: UnsafeMutablePointer<AVCodecContext>?
    private var packet: UnsafeMutablePointer<AVPacket>?
    private let stream: Int32
    private let timeBase: AVRational
    /// Nil where pictures are stored as they are shown.
    private let orientation: Orientation?
    /// Nil for a file.
    private let session: RTSPSession?
    private let packets: PacketFeed?
    /// Nil where no clip is played from memory.
    private let clip: ClipFeed?
    private let shapes: ShapeFinder
    private let deadline: ReadDeadline
    private let options: Options
    private var planner: DecodePlanner
    /// Nil for a stream.
    private var stamps: FileStamps?
    private let url: CameraURL
    private var isDraining = false
    private var buffer = GOPBuffer()
    /// The decoder is given what is in the buffer.
    private var isCatchingUp = false
    /// Nil for a file.
    private var smoother: TimestampSmoother?
    /// Seconds since the last picture that was whole: of a file by its stamps, of a stream by the clock.
    private var barren = 0.0
    /// When `barren` was 0, by the clock.
    private var fruitful = 0.0
    /// It was said that no pictures come.
    private var isStarving = false
    private var lastStamp: Double?
    private var refresh = RefreshWatch()
    /// Of the budget, for pictures of this size.
    private var claimed = (bytes: 0, width: Int32(0), height: Int32(0))
    private var newestCounted = Int64.min
    /// Something was lost since the last key frame: what refers to it is smeared.
    private var isDamaged = false
    /// Something was left out since the last key frame: the decoder can go on from the next one only.
    private var isTorn = false
    /// How many key frames in a row the decoder began at without giving one out.
    private var vainKeys = 0
    /// Stamps of the newest packets that gave errors, and of the one that was sent last.
    private var faulty: [Int64] = []
    private var sent = ffNOPTS
    /// Unix time minus session time, from the sender's RTCP reports; nil until one came.
    private(set) var senderOffset: Double?

    /// The stamps of the first and the newest packet, in seconds.
    private(set) var span: ClosedRange<Double>?

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

    /// Seconds without a whole picture after which a stream counts as broken and is opened anew.
    private static let patience = 20.0

    init(_ url: CameraURL, options: Options, deadline: ReadDeadline) throws(VideoError) {
        Self.allowAllocations(for: options.largestPicture)
        var opened = false
        guard let context = avformat_alloc_context() else {
            throw VideoError("allocate a demuxer", on: url, cause: "out of memory")
        }
        var format = Optional(context)
        deadline.arm(for: options.openTimeout)
        var session: RTSPSession?
        var packets: PacketFeed?
        let clip = options.clip.flatMap { ClipFeed($0.clip.bytes) }
        // Asked while the context is closed too.
        defer {
            if !opened { avformat_close_input(&format) }
            withExtendedLifetime((session, packets, clip, deadline)) {}
        }
        context.pointee.interrupt_callback = deadline.callback
        var dictionary: OpaquePointer?
        defer { av_dict_free(&dictionary) }
        if url.isStream {
            av_dict_set(&dictionary, "fflags", "nobuffer", 0)
            // The probe ends with the first picture where the description names codec and size, as RTSP's does: it reads
            // nothing for a frame rate or a decoding time, which nobody asks for.
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
            (session, packets) = (begun.session, begun.feed)
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
            throw VideoError("find a video stream in", on: url, cause: "its description names no video that is taken")
        }
        try Self.check(Self.probe(format, options.largestPicture), "probe", url, deadline, session)
        var decoder: UnsafePointer<AVCodec>?
        let stream = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0)
        guard stream >= 0, let info = format?.pointee.streams[Int(stream)], let shape = info.pointee.codecpar else {
            throw VideoError("find a video stream in", on: url, cause: "it holds no video that can be decoded")
        }
        let name = decoder.map { String(cString: $0.pointee.name) } ?? ""
        guard !url.isStream || Self.cameraDecoders.contains(name) else {
            throw VideoError("decode", on: url, cause: "it sends \(name) where H.264 or H.265 is taken")
        }
        let size = (shape.pointee.width, shape.pointee.height)
        guard Int(size.0) * Int(size.1) <= options.largestPicture else {
            throw VideoError(
                "decode", on: url,
                cause: "its pictures of \(size.0)x\(size.1) pixels are too large: \(Self.allowed(options))")
        }
        var codec = avcodec_alloc_context3(decoder)
        defer { if !opened { avcodec_free_context(&codec) } }
        try Self.check(avcodec_parameters_to_context(codec, shape), "set up the decoder", url, deadline, nil)
        codec?.pointee.thread_count = 1
        codec?.pointee.max_pixels = Int64(options.largestPicture)
        try Self.check(avcodec_open2(codec, decoder, nil), "open the decoder", url, deadline, nil)
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
        self.timeBase = info.pointee.time_base
        self.session = session
        self.packets = packets
        self.clip = clip
        self.deadline = deadline
        self.options = options
        self.stream = stream
        self.format = format
        self.codec = codec
        self.packet = packet
        self.url = url
        // Joined in the middle, H.265 brings pictures that refer to what never came, and libav makes that up without a word.
        isDamaged = shape.pointee.codec_id == AV_CODEC_ID_HEVC
        self.planner = DecodePlanner(sampling: options.sampling)
        if !url.isStream {
            stamps = FileStamps(
                timeBase: info.pointee.time_base, rates: [info.pointee.avg_frame_rate, info.pointee.r_frame_rate])
        }
        fruitful = options.uptime()
    }

    /// How closely it is watched between the looks.
    var attention: Attention {
        get { planner.attention }
        set { planner.attention = newValue }
    }

    deinit {
        var (format, codec, packet) = (format, codec, packet)
        av_packet_free(&packet)
        avcodec_free_context(&codec)
        avformat_close_input(&format)
        _ = options.budget.take(0, insteadOf: claimed.bytes)
        withExtendedLifetime((packets, clip, deadline)) {}
        session?.close()
    }

    /// Seconds as the container claims them; nil for a live stream.
    var duration: Double? {
        guard let format, format.pointee.duration > 0 else { return nil }
        return Double(format.pointee.duration) / Double(AV_TIME_BASE)
    }

    /// The next picture that is to be looked at, or nil at the end of the file or stream.
    mutating func next() throws(VideoError) -> Picture? {
        guard let raw = av_frame_alloc() else { throw VideoError("allocate", on: url, cause: "out of memory") }
        var frame: UnsafeMutablePointer<AVFrame>? = raw
        while true {
            let received = avcodec_receive_frame(codec, raw)
            if received == 0 {
                do throws(VideoError) { try claim(raw) } catch {
                    av_frame_free(&frame)
                    throw error
                }
                if ffIsKeyFrame(raw) != 0 { vainKeys = 0 }
                // What the buffer brings first is past.
                if isWhole(raw), !isCatchingUp || buffer.isEmpty, !isDamaged, let pts = seconds(stamp(of: raw)) {
                    let choice = planner.choose(isKey: ffIsKeyFrame(raw) != 0, at: paced(pts))
                    if choice != .nothing {
                        barren = 0
                        fruitful = options.uptime()
                        isStarving = false
                        session?.loss.reset()
                        guard let orientation else {
                            return picture(raw, pts: pts, isBurstFrame: choice == .burstFrame)
                        }
                        defer { av_frame_free(&frame) }
                        return picture(try turned(raw, orientation), pts: pts, isBurstFrame: choice == .burstFrame)
                    }
                }
                av_frame_unref(raw)
                continue
            }
            // The H.265 decoder says so here, and gives the picture out all the same.
            if received != ffAVERROR_EAGAIN, received != ffAVERROR_EOF { noteFault() }
            let goesOn: Bool
            do throws(VideoError) {
                if received == ffAVERROR_EOF, !isDraining {
                    // The end of one key frame that was decoded on its own.
                    avcodec_flush_buffers(codec)
                }
                goesOn = try received != ffAVERROR_EOF || !isDraining ? feed() : false
            } catch {
                av_frame_free(&frame)
                throw error
            }
            guard goesOn else {
                av_frame_free(&frame)
                return nil
            }
        }
    }

    private func picture(_ raw: UnsafeMutablePointer<AVFrame>, pts: Double, isBurstFrame: Bool) -> Picture {
        let shape = shapes.settle(raw, codec: codec?.pointee.sample_aspect_ratio ?? AVRational(num: 0, den: 1))
        return Picture(
            raw: raw, pts: pts, isBurstFrame: isBurstFrame, shape: shape,
            remarks: [shape.remark, refresh.remark].compactMap(\.self))
    }

    private func turned(
        _ raw: UnsafeMutablePointer<AVFrame>, _ orientation: Orientation
    ) throws(VideoError) -> UnsafeMutablePointer<AVFrame> {
        do { return try orientation.turned(raw) } catch {
            throw VideoError("turn the pictures of", on: url, cause: "\(error): encode it upright")
        }
    }

    /// False for a picture with parts that the decoder had to invent, from which on nothing is whole up to the next key
    /// frame. A key frame that is whole makes good what was lost before.
    private mutating func isWhole(_ raw: UnsafeMutablePointer<AVFrame>) -> Bool {
        let isFaulty =
            raw.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0 || raw.pointee.decode_error_flags != 0
            || faulty.contains(raw.pointee.best_effort_timestamp)
        if isFaulty {
            isDamaged = true
        } else if ffIsKeyFrame(raw) != 0 {
            isDamaged = false
        }
        return !isFaulty
    }

    /// Times that are counted are those of decoding: a picture may come after one that was decoded later.
    private mutating func stamp(of raw: UnsafeMutablePointer<AVFrame>) -> Int64 {
        let stamp = raw.pointee.best_effort_timestamp
        guard stamps?.areCounted == true, stamp != ffNOPTS else { return stamp }
        newestCounted = max(newestCounted, stamp)
        return newestCounted
    }

    private mutating func noteFault() {
        isDamaged = true
        refresh.noteFault()
        vainKeys = 0
        faulty = (faulty + [sent]).suffix(16)
    }

    /// Gives the decoder the next packet that it needs; false at the end of the stream.
    private mutating func feed() throws(VideoError) -> Bool {
        while true {
            if isCatchingUp {
                guard let kept = buffer.takeFirst() else {
                    isCatchingUp = false
                    continue
                }
                var unused = Optional(kept)
                defer { av_packet_free(&unused) }
                guard send(kept) else { continue }
                return true
            }
            deadline.arm(for: options.readTimeout)
            let read = clip?.read(format, packet, stream: stream) ?? av_read_frame(format, packet)
            if read == ffAVERROR_EOF {
                guard !isDraining else { return false }
                isDraining = true
                avcodec_send_packet(codec, nil)
                return true
            }
            try Self.check(read, "read", url, deadline, session)
            session?.screen.notePicture()
            defer { av_packet_unref(packet) }
            options.progress()
            if url.isStream, let size = packet?.pointee.size, Int(size) > Self.largestPacket {
                throw VideoError(
                    "decode", on: url, cause: "one of its pictures has \(size >> 20) MiB, more than cameras send")
            }
            if url.isStream { barren = options.uptime() - fruitful }
            try checkPictures()
            guard let packet, packet.pointee.stream_index == stream else { continue }
            let isKey = packet.pointee.flags & AV_PKT_FLAG_KEY != 0
            stamps?.mend(&packet.pointee)
            guard let time = seconds(packet.pointee.pts != ffNOPTS ? packet.pointee.pts : packet.pointee.dts) else {
                continue
            }
            options.receive(Int(packet.pointee.size))
            if let clip = options.clip, !clip.wait(for: seconds(packet.pointee.dts) ?? time, deadline) {
                throw VideoError("read", on: url, cause: "stopped")
            }
            noteSenderTime(packet, at: time)
            span = min(span?.lowerBound ?? time, time)...max(span?.upperBound ?? time, time)
            // A stamp that jumps is not a time without pictures.
            barren += min(1, max(0, time - (lastStamp ?? time)))
            lastStamp = time
            if packet.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 {
                isDamaged = true
                refresh.noteFault()
                if buffer.isFull { buffer.close() }
                try keep(packet)
                continue
            }
            if vainKeys > 1 { planner.distrustKeyFrames() }
            follow(packet, isKey: isKey, at: time)
            let isNeeded = planner.needs(isKey: isKey, at: paced(time))
            if isKey { buffer.restart() }
            guard isNeeded else {
                isTorn = true
                try keep(packet)
                if buffer.isFull { planner.goOn() }
                continue
            }
            guard buffer.isEmpty else {
                try keep(packet)
                (isCatchingUp, isTorn) = (true, false)
                continue
            }
            let isSparse = planner.isSparse
            if isKey {
                if isTorn || isDamaged { beginAnew() }
                if isTorn || isSparse { vainKeys += 1 }
                isTorn = false
            }
            if isSparse { try keep(packet) }
            guard send(packet) else { continue }
            // Without this a decoder that may reorder holds each key frame back until the next one.
            if isSparse { avcodec_send_packet(codec, nil) }
            return true
        }
    }

    /// Throws where no picture has come for too long, and says so before.
    private mutating func checkPictures() throws(VideoError) {
        let isOver = barren >= Self.patience + refresh.patience + options.sampling.longestRest
        guard isOver || url.isStream && !isStarving && barren >= options.sampling.longestFault else { return }
        let error = barrenness()
        guard !isOver else { throw error }
        isStarving = true
        options.starve(error.description)
    }

    /// What explains pictures that are not whole.
    private var losses: String {
        guard let session, session.loss.share >= 0.005 else { return "" }
        let share = (session.loss.share * 1000).rounded() / 10
        return ", and \(share) % of its packets are lost on the way"
            + (session.used == .udp ? " (transport: tcp loses none)" : "")
    }

    private func barrenness() -> VideoError {
        var cause = "no whole picture in \(Int(barren)) s"
        if refresh.isNeeded {
            cause += ": it sends no key frames: switch off intra refresh (gradual or smart refresh) at the camera"
        } else if codec?.pointee.width == 0 {
            // So the decoder leaves it where it has refused a size.
            cause += ": the size of its pictures is refused: \(Self.allowed(options))"
        }
        return VideoError("decode", on: url, cause: cause + losses)
    }

    private static func allowed(_ options: Options) -> String {
        "at most \(PacketScreen.megapixels(options.largestPicture)) megapixels are decoded; "
            + "set a smaller picture at the camera, or raise largest_picture"
    }

    /// Takes from the budget of all cameras what pictures of this size need while they are decoded.
    private mutating func claim(_ raw: UnsafePointer<AVFrame>) throws(VideoError) {
        let (width, height) = (raw.pointee.width, raw.pointee.height)
        guard (width, height) != (claimed.width, claimed.height), let codec else { return }
        let one = Int(av_image_get_buffer_size(AVPixelFormat(rawValue: raw.pointee.format), width, height, 32))
        // What refers to how many libav shows of H.264 only. H.265 states how many are kept; six are allowed at the largest
        // size of each level.
        let kept =
            codec.pointee.codec_id == AV_CODEC_ID_HEVC
            ? Int32(session?.screen.keptPictures ?? 6) : max(1, codec.pointee.refs, codec.pointee.has_b_frames)
        // One that is being decoded, one that waits for its look, one that is looked at.
        let bytes = max(0, one) * (Int(kept) + 3)
        guard options.budget.take(bytes, insteadOf: claimed.bytes) else {
            throw VideoError(
                "decode", on: url,
                cause:
                    "its pictures of \(width)x\(height) need \(bytes >> 20) MiB, and those of all cameras together may "
                    + "take \(options.budget.bytes >> 20) MiB, half of this computer's memory: set a smaller picture at "
                    + "this camera or at others")
        }
        claimed = (bytes, width, height)
    }

    /// Takes the marks of a refresh for what key frames are elsewhere, where there are none.
    private mutating func follow(_ packet: UnsafePointer<AVPacket>, isKey: Bool, at time: Double) {
        let mark = refresh.take(packet, isKey: isKey, at: time)
        // The H.264 decoder follows recovery points by itself.
        guard codec?.pointee.codec_id == AV_CODEC_ID_HEVC else { return }
        switch mark {
        case .none: break
        case .begin:
            planner.distrustKeyFrames()
            isDamaged = true
        case .renewed: isDamaged = false
        }
    }

    /// The decoder forgets what it has, so that nothing refers to what is damaged or missing.
    private mutating func beginAnew() {
        avcodec_flush_buffers(codec)
        // Where there is no key frame but a recovery point, the H.264 decoder gives nothing out until the pictures have been
        // renewed as far as the point says.
        if codec?.pointee.codec_id == AV_CODEC_ID_H264 { isDamaged = false }
    }

    private mutating func keep(_ packet: UnsafeMutablePointer<AVPacket>) throws(VideoError) {
        guard buffer.add(packet) else { throw VideoError("keep a packet", on: url, cause: "out of memory") }
    }

    /// Gives the decoder one packet; false where it gets or takes none.
    private mutating func send(_ packet: UnsafeMutablePointer<AVPacket>) -> Bool {
        guard packet.pointee.flags & AV_PKT_FLAG_CORRUPT == 0 else {
            isDamaged = true
            return false
        }
        sent = packet.pointee.pts != ffNOPTS ? packet.pointee.pts : packet.pointee.dts
        guard avcodec_send_packet(codec, packet) >= 0 else {
            noteFault()
            return false
        }
        return true
    }

    /// The time by which looks are planned.
    private mutating func paced(_ time: Double) -> Double {
        guard url.isStream else { return time }
        let now = options.uptime()
        var smoother = smoother ?? TimestampSmoother(time, is: now, at: now)
        defer { self.smoother = smoother }
        return smoother.time(time, at: now)
    }

    private mutating func noteSenderTime(_ packet: UnsafeMutablePointer<AVPacket>, at time: Double) {
        var size = 0
        guard let data = av_packet_get_side_data(packet, AV_PKT_DATA_PRFT, &size),
            size >= MemoryLayout<AVProducerReferenceTime>.size
        else { return }
        let reference = UnsafeRawPointer(data).loadUnaligned(as: AVProducerReferenceTime.self)
        senderOffset = isSenderDistrusted ? nil : Double(reference.wallclock) / 1e6 - time
    }

    /// See `SenderClock`.
    var isSenderDistrusted: Bool { session?.clock.isDistrusted ?? false }

    private func seconds(_ stamp: Int64) -> Double? {
        let seconds = Double(stamp) * Double(timeBase.num) / Double(timeBase.den)
        // Thirty thousand years, and no stamp that is not a number: whoever counts in whole seconds is safe.
        return stamp != ffNOPTS && abs(seconds) < 1e12 ? seconds : nil
    }

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
        _ url: CameraURL, _ options: Options, _ deadline: ReadDeadline
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
        if deadline.isStopped { throw VideoError(operation, on: url, cause: "stopped") }
        if deadline.isOver { throw VideoError(operation, on: url, cause: "no answer within \(deadline.text)") }
        let cause = "\(FFmpegError(operation: operation, code: code))"
        throw VideoError(operation, on: url, cause: CameraURL.redact(cause))
    }
}
