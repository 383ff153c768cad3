internal import CFFmpeg
import Domain
import Foundation
import Synchronization

/// Demuxes and decodes one stream or file. Blocking; one owner, one thread.
final class VideoSource {
    /// A picture and its time in the session, in seconds.
    struct Picture: ~Copyable {
        let raw: UnsafeMutablePointer<AVFrame>
        let pts: Double
        let isBurstFrame: Bool
        let shape: PictureShape
        /// What an operator should know of the stream.
        let remarks: [String]
        /// See `Frame`.
        let past: PastPictures?
        let key: KeyPicture?
        let turn: LookTurn?
    }

    private let demuxer: Demuxer
    /// While more than key frames is decoded; nil before that.
    private var own: PictureDecoder?
    /// For one key frame.
    private var shared: PictureDecoder?
    /// What the shared decoder was given.
    private var key: KeyPicture?
    /// For that key frame, until its picture is handed out.
    private var turn: LookTurn?
    /// Of the newest picture that was.
    private weak var taken: LookTurn?
    /// What the stream announces, with the sets of parameters that came with its newest key frame.
    private var announcement: StreamAnnouncement
    /// Key frames on their own are decoded by a shared decoder.
    private var isSharing: Bool
    /// Sets of parameters came that are not announced.
    private var lacksSets = false
    private let deadline: ReadDeadline
    private let options: Options
    private var planner: DecodePlanner
    private let url: CameraURL
    private var isDraining = false
    private var buffer = GOPBuffer()
    private let past = SkippedKeys()
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
    private var claimed = (bytes: 0, width: Int32(0), height: Int32(0), isShared: false)
    private var newestCounted = Int64.min
    /// Something was lost since the last key frame: what refers to it is smeared.
    private var isDamaged = false
    /// Something was left out since the last key frame: the decoder can go on from the next one only.
    private var isTorn = false
    /// The decoder has refused the size of the newest picture.
    private var isSizeRefused = false
    /// How many key frames in a row the decoder began at without giving one out.
    private var vainKeys = 0
    /// Stamps of the newest packets that gave errors, and of the one that was sent last.
    private var faulty: [Int64] = []
    private var sent = ffNOPTS
    /// The stamps of the first and the newest packet, in seconds.
    private(set) var span: ClosedRange<Double>?

    /// Seconds without a whole picture after which a stream counts as broken and is opened anew.
    private static let patience = 20.0
    /// Seconds in which two more looks are tried where one that was due has failed.
    private static let secondLook = 4.0

    init(_ url: CameraURL, options: Options, deadline: ReadDeadline) throws(VideoError) {
        demuxer = try Demuxer(url, options: options, deadline: deadline)
        self.deadline = deadline
        self.options = options
        self.url = url
        announcement = demuxer.announcement
        // A clip plays the part of a camera, and is ours. Of files there are few at a time.
        isSharing = options.clip != nil || url.isStream && announcement.parameterSets?.isComplete == true
        planner = DecodePlanner(sampling: options.sampling, waitsAtFirst: url.isStream || options.clip != nil)
        // Joined in the middle, H.265 brings pictures that refer to what never came, and libav makes that up without a word.
        isDamaged = announcement.codec == AV_CODEC_ID_HEVC
        fruitful = options.uptime()
    }

    /// How closely it is watched between the looks.
    var attention: Attention {
        get { planner.attention }
        set { planner.attention = newValue }
    }

    /// How long no look is needed, from the last one on; nil where the sampling alone decides.
    var rest: Rest? {
        get { planner.rest }
        set { planner.rest = newValue }
    }

    deinit {
        if let shared { options.decoders.end(shared) }
        _ = options.budget.take(0, insteadOf: claimed.bytes)
    }

    /// As libav calls it, e.g. `h264`, and its profile where the stream says it.
    var codec: (name: String, profile: String?) { (announcement.codecName, announcement.profile) }

    /// How its packets come; nil for a file.
    var transport: Transport? { demuxer.session?.used }

    /// The share of its packets that were lost on the way, 0…1.
    var lost: Double { demuxer.session?.loss.whole ?? 0 }

    /// Seconds as the container claims them; nil for a live stream.
    var duration: Double? { demuxer.duration }

    /// Seconds between two key frames, the longest of the newest ones; nil before two have come.
    var keyInterval: Double? { planner.longestGroup }

    /// Unix time minus session time, from the sender's RTCP reports; nil until one came.
    var senderOffset: Double? { demuxer.senderOffset }

    /// See `SenderClock`.
    var isSenderDistrusted: Bool { demuxer.isSenderDistrusted }

    /// The next picture that is to be looked at, or nil at the end of the file or stream.
    func next() throws(VideoError) -> Picture? {
        guard let raw = av_frame_alloc() else { throw VideoError("allocate", on: url, cause: "out of memory") }
        var frame: UnsafeMutablePointer<AVFrame>? = raw
        while true {
            let received = (shared ?? own)?.receive(raw) ?? ffAVERROR_EAGAIN
            do throws(VideoError) {
                if received == 0 {
                    try claim(raw)
                    if ffIsKeyFrame(raw) != 0 { vainKeys = 0 }
                    // What the buffer brings first is past.
                    if isWhole(raw), !isCatchingUp || buffer.isEmpty, !isDamaged,
                        let pts = demuxer.seconds(stamp(of: raw)),
                        case let choice = planner.choose(isKey: ffIsKeyFrame(raw) != 0, at: paced(pts)),
                        choice != .nothing
                    {
                        noteSuccess()
                        let shown = try turned(raw)
                        if shown != raw { av_frame_free(&frame) }
                        defer { giveBack() }
                        return picture(shown, pts: pts, isBurstFrame: choice == .burstFrame)
                    }
                    av_frame_unref(raw)
                    continue
                }
                // The H.265 decoder says so here, and gives the picture out all the same.
                if received != ffAVERROR_EAGAIN, received != ffAVERROR_EOF { noteFault() }
                if shared != nil {
                    giveBack()
                } else if received == ffAVERROR_EOF, !isDraining {
                    // The end of one key frame that was decoded on its own.
                    renewOwn()
                    turn = nil
                }
                let isOver = received == ffAVERROR_EOF && isDraining
                let goesOn = isOver ? false : try feed()
                guard goesOn else {
                    av_frame_free(&frame)
                    return nil
                }
            } catch {
                av_frame_free(&frame)
                throw error
            }
        }
    }

    private func noteSuccess() {
        barren = 0
        fruitful = options.uptime()
        isStarving = false
        demuxer.session?.loss.reset()
    }

    private func picture(_ raw: UnsafeMutablePointer<AVFrame>, pts: Double, isBurstFrame: Bool) -> Picture {
        let shape = demuxer.shapes.settle(raw, codec: (shared ?? own)?.aspect ?? AVRational(num: 0, den: 1))
        var between: PastPictures?
        let turn = turn
        self.turn = nil
        if let turn { taken = turn }
        if !isBurstFrame {
            let keys = past.take()
            if !keys.isEmpty { between = PastPictures(keys, before: pts, announcement, options.decoders) }
        }
        key?.aspect = raw.pointee.sample_aspect_ratio
        return Picture(
            raw: raw, pts: pts, isBurstFrame: isBurstFrame, shape: shape,
            remarks: [shape.remark, refresh.remark].compactMap(\.self),
            past: demuxer.orientation == nil ? between : nil, key: demuxer.orientation == nil ? key : nil, turn: turn)
    }

    /// The picture as it is shown: the same one, or another where it has to be turned.
    private func turned(_ raw: UnsafeMutablePointer<AVFrame>) throws(VideoError) -> UnsafeMutablePointer<AVFrame> {
        guard let orientation = demuxer.orientation else { return raw }
        do { return try orientation.turned(raw) } catch {
            throw VideoError("turn the pictures of", on: url, cause: "\(error): encode it upright")
        }
    }

    /// False for a picture with parts that the decoder had to invent, from which on nothing is whole up to the next key
    /// frame. A key frame that is whole makes good what was lost before.
    private func isWhole(_ raw: UnsafeMutablePointer<AVFrame>) -> Bool {
        let isFaulty = ffIsDamaged(raw) || faulty.contains(raw.pointee.best_effort_timestamp)
        if isFaulty {
            isDamaged = true
        } else if ffIsKeyFrame(raw) != 0 {
            isDamaged = false
        }
        return !isFaulty
    }

    /// Times that are counted are those of decoding: a picture may come after one that was decoded later.
    private func stamp(of raw: UnsafeMutablePointer<AVFrame>) -> Int64 {
        let stamp = raw.pointee.best_effort_timestamp
        guard demuxer.areTimesCounted, stamp != ffNOPTS else { return stamp }
        newestCounted = max(newestCounted, stamp)
        return newestCounted
    }

    private func noteFault() {
        isDamaged = true
        refresh.noteFault()
        vainKeys = 0
        faulty = (faulty + [sent]).suffix(16)
    }

    /// Gives the decoder the next packet that it needs; false at the end of the stream.
    private func feed() throws(VideoError) -> Bool {
        while true {
            if isCatchingUp {
                guard let kept = buffer.takeFirst() else {
                    isCatchingUp = false
                    continue
                }
                var unused = Optional(kept)
                defer { av_packet_free(&unused) }
                guard try send(kept) else { continue }
                return true
            }
            guard try demuxer.read() else {
                guard !isDraining, let own else { return false }
                isDraining = true
                own.drain()
                return true
            }
            if url.isStream { barren = options.uptime() - fruitful }
            try checkPictures()
            guard let (packet, time) = demuxer.picture() else { continue }
            let isKey = packet.pointee.flags & AV_PKT_FLAG_KEY != 0
            options.receive(Int(packet.pointee.size))
            if let clip = options.clip, !clip.wait(for: demuxer.seconds(packet.pointee.dts) ?? time, deadline) {
                throw VideoError("read", on: url, cause: "stopped")
            }
            span = min(span?.lowerBound ?? time, time)...max(span?.upperBound ?? time, time)
            // A stamp that jumps is not a time without pictures. In the order of decoding: that of showing goes to and fro.
            let stamp = demuxer.seconds(packet.pointee.dts) ?? time
            barren += min(1, max(0, stamp - (lastStamp ?? stamp)))
            lastStamp = stamp
            if packet.pointee.flags & AV_PKT_FLAG_CORRUPT != 0 {
                isDamaged = true
                refresh.noteFault()
                if buffer.isFull { buffer.close() }
                try keep(packet)
                continue
            }
            if vainKeys > 1 { planner.distrustKeyFrames() }
            follow(packet, isKey: isKey, at: time)
            if let rest = options.rest { planner.rest = rest() }
            let isNeeded = planner.needs(isKey: isKey, at: paced(time))
            if isKey { buffer.restart() }
            guard isNeeded, !isKey || hasTurn(at: paced(time)) else {
                isTorn = true
                if isKey, isNeeded || planner.rest != nil { try skip(packet, at: time) }
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
                try noteParameterSets(of: packet)
                if isTorn || isDamaged { beginAnew() }
                if isTorn || isSparse { vainKeys += 1 }
                isTorn = false
            }
            if isSparse { try keep(packet) }
            guard try send(packet, isAlone: isSparse) else { continue }
            return true
        }
    }

    /// Throws where no picture has come for too long, and says so before.
    private func checkPictures() throws(VideoError) {
        let rest = max(options.sampling.longestRest, planner.rest?.promise ?? 0)
        let isOver = barren >= Self.patience + refresh.patience + rest
        let longestFault = max(options.sampling.longestFault, rest + Self.secondLook)
        guard isOver || url.isStream && !isStarving && barren >= longestFault else { return }
        let error = barrenness()
        guard !isOver else { throw error }
        isStarving = true
        options.starve(error.description)
    }

    /// What explains pictures that are not whole.
    private var losses: String {
        guard let session = demuxer.session, session.loss.share >= 0.005 else { return "" }
        let share = (session.loss.share * 1000).rounded() / 10
        return ", and \(share) % of its packets are lost on the way"
            + (session.used == .udp ? " (transport: tcp loses none)" : "")
    }

    private func barrenness() -> VideoError {
        var cause = "no whole picture in \(Int(barren)) s"
        var kind = StreamFault.noPicture
        if refresh.isNeeded {
            cause += ": it sends no key frames: switch off intra refresh (gradual or smart refresh) at the camera"
            kind = .noKeyFrames
        } else if isSizeRefused {
            cause += ": the size of its pictures is refused: \(options.allowedPictures)"
            kind = .tooLarge
        }
        return VideoError("decode", on: url, cause: cause + losses, kind: kind)
    }

    /// Takes from the budget of all cameras what pictures of this size need while they are decoded.
    private func claim(_ raw: UnsafePointer<AVFrame>) throws(VideoError) {
        let (width, height) = (raw.pointee.width, raw.pointee.height)
        let isShared = shared != nil
        guard (width, height, isShared) != (claimed.width, claimed.height, claimed.isShared) else { return }
        let one = Int(av_image_get_buffer_size(AVPixelFormat(rawValue: raw.pointee.format), width, height, 32))
        // What refers to how many libav shows of H.264 only. H.265 states how many are kept; six are allowed at the largest
        // size of each level. A shared decoder keeps none for this stream.
        let kept =
            announcement.codec == AV_CODEC_ID_HEVC
            ? demuxer.session?.screen.keptPictures ?? 6 : own?.keptPictures ?? 1
        // One that is being decoded, one that waits for its look, one that is looked at.
        let bytes = max(0, one) * (isShared ? 2 : kept + 3)
        guard options.budget.take(bytes, insteadOf: claimed.bytes) else {
            throw VideoError(
                "decode", on: url,
                cause:
                    "its pictures of \(width)x\(height) need \(bytes >> 20) MiB, and those of all cameras together may "
                    + "take \(options.budget.bytes >> 20) MiB, half of this computer's memory: set a smaller picture at "
                    + "this camera or at others", kind: .tooLarge)
        }
        claimed = (bytes, width, height, isShared)
    }

    /// Takes the marks of a refresh for what key frames are elsewhere, where there are none.
    private func follow(_ packet: UnsafePointer<AVPacket>, isKey: Bool, at time: Double) {
        let mark = refresh.take(packet, isKey: isKey, at: time)
        // The H.264 decoder follows recovery points by itself.
        guard announcement.codec == AV_CODEC_ID_HEVC else { return }
        switch mark {
        case .none: break
        case .begin:
            planner.distrustKeyFrames()
            isDamaged = true
        case .renewed: isDamaged = false
        }
    }

    /// The decoder forgets what it has, so that nothing refers to what is damaged or missing.
    private func beginAnew() {
        renewOwn()
        // Where there is no key frame but a recovery point, the H.264 decoder gives nothing out until the pictures have been
        // renewed as far as the point says.
        if announcement.codec == AV_CODEC_ID_H264 { isDamaged = false }
    }

    /// One that is tainted does not forget all. Where it alone knows all sets of parameters it has to go on.
    private func renewOwn() {
        let isKnown = !lacksSets && announcement.parameterSets?.isComplete ?? true
        if isKnown, own?.isTainted == true { own = nil } else { own?.reset() }
    }

    private func skip(_ packet: UnsafeMutablePointer<AVPacket>, at time: Double) throws(VideoError) {
        guard past.add(packet, at: time) else { throw VideoError("keep a packet", on: url, cause: "out of memory") }
    }

    private func keep(_ packet: UnsafeMutablePointer<AVPacket>) throws(VideoError) {
        guard buffer.add(packet) else { throw VideoError("keep a packet", on: url, cause: "out of memory") }
    }

    /// Whether a key frame that is needed may be decoded now. Those of a camera that decodes by itself always may: the next
    /// packet refers to them.
    private func hasTurn(at time: Double) -> Bool {
        turn = nil
        guard isSharing, planner.isSparse else { return true }
        // While the camera's last picture is looked at, its newest one waits for the next key frame.
        if taken?.isOver ?? true { turn = options.turns.turn(for: planner.due(at: time)) }
        // That there is no time for its pictures is no fault of the stream.
        if turn == nil { (barren, fruitful) = (0, options.uptime()) }
        return turn != nil
    }

    /// Gives a decoder one packet; false where it gets or takes none.
    ///
    /// - Parameter isAlone: of a key frame that nothing is to follow.
    private func send(
        _ packet: UnsafeMutablePointer<AVPacket>, isAlone: Bool = false
    ) throws(VideoError) -> Bool {
        guard packet.pointee.flags & AV_PKT_FLAG_CORRUPT == 0 else {
            isDamaged = true
            return false
        }
        sent = packet.pointee.pts != ffNOPTS ? packet.pointee.pts : packet.pointee.dts
        let decoder: PictureDecoder
        do throws(FFmpegError) { decoder = try self.decoder(isAlone: isAlone) } catch {
            throw VideoError("open the decoder", on: url, cause: "\(error)")
        }
        let isTaken = decoder.send(packet)
        isSizeRefused = decoder.hasRefusedSize
        guard isTaken else {
            noteFault()
            giveBack()
            return false
        }
        if shared != nil { key = KeyPicture(packet, announcement, options.decoders) }
        // Without this a decoder that may reorder holds each key frame back until the next one.
        if isAlone { decoder.drain() }
        return true
    }

    private func decoder(isAlone: Bool) throws(FFmpegError) -> PictureDecoder {
        if isAlone, isSharing {
            own = nil
            let decoder = try options.decoders.begin(announcement)
            decoder.isHasty = options.isHasty
            shared = decoder
            return decoder
        }
        if let own { return own }
        let decoder = try PictureDecoder(announcement)
        own = decoder
        return decoder
    }

    /// The shared decoder is another camera's, if there is one.
    private func giveBack() {
        turn = nil
        guard let shared else { return }
        options.decoders.end(shared)
        (self.shared, key) = (nil, nil)
    }

    /// A shared decoder must know all sets of parameters that a key frame refers to, and no others.
    private func noteParameterSets(of packet: UnsafePointer<AVPacket>) throws(VideoError) {
        guard let known = announcement.parameterSets else { return }
        let brought = ParameterSets(in: packet, of: announcement.codec)
        if let brought, known.holds(brought) { return }
        guard let brought, brought.isComplete else {
            // Which of the old ones still hold cannot be known without decoding all.
            (isSharing, lacksSets) = (false, true)
            return
        }
        do { announcement = try announcement.replacing(brought) } catch {
            throw VideoError("follow", on: url, cause: "\(error)")
        }
    }

    /// The time by which looks are planned.
    private func paced(_ time: Double) -> Double {
        guard url.isStream else { return time }
        let now = options.uptime()
        var smoother = smoother ?? TimestampSmoother(time, is: now, at: now)
        defer { self.smoother = smoother }
        return smoother.time(time, at: now)
    }
}
