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
    private var decoders: StreamDecoders
    /// For a key frame that is decoded on its own, until its picture is handed out.
    private var turn: LookTurn?
    /// Of the newest picture that was.
    private weak var taken: LookTurn?
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
    private var watch: PictureWatch
    private var refresh = RefreshWatch()
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
    /// The stamps of the first and the newest packet, in seconds.
    private(set) var span: ClosedRange<Double>?

    init(_ url: CameraURL, options: Options, deadline: ReadDeadline) throws(VideoError) {
        demuxer = try Demuxer(url, options: options, deadline: deadline)
        self.deadline = deadline
        self.options = options
        self.url = url
        let announcement = demuxer.announcement
        decoders = StreamDecoders(
            announcement, of: url,
            // A clip plays the part of a camera, and is ours. Of files there are few at a time.
            isSharing: options.clip != nil || url.isStream && announcement.parameterSets?.isComplete == true,
            options: options)
        planner = DecodePlanner(sampling: options.sampling, waitsAtFirst: url.isStream || options.clip != nil)
        // Joined in the middle, H.265 brings pictures that refer to what never came, and libav makes that up without a word.
        isDamaged = announcement.codec == AV_CODEC_ID_HEVC
        watch = PictureWatch(at: options.uptime())
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

    /// As libav calls it, e.g. `h264`, and its profile where the stream says it.
    var codec: (name: String, profile: String?) { (decoders.announcement.codecName, decoders.announcement.profile) }

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
            let received = decoders.receive(raw)
            do throws(VideoError) {
                if received == 0 {
                    try decoders.claim(raw, kept: demuxer.session?.screen.keptPictures)
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
                if decoders.areShared {
                    giveBack()
                } else if received == ffAVERROR_EOF, !isDraining {
                    // The end of one key frame that was decoded on its own.
                    decoders.renewOwn()
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
        watch.notePicture(at: options.uptime())
        demuxer.session?.loss.reset()
    }

    private func picture(_ raw: UnsafeMutablePointer<AVFrame>, pts: Double, isBurstFrame: Bool) -> Picture {
        let shape = demuxer.shapes.settle(raw, codec: decoders.aspect)
        var between: PastPictures?
        let turn = turn
        self.turn = nil
        if let turn { taken = turn }
        if !isBurstFrame {
            let keys = past.take()
            if !keys.isEmpty { between = PastPictures(keys, before: pts, decoders.announcement, options.decoders) }
        }
        let key = demuxer.orientation == nil ? decoders.key : nil
        key?.aspect = raw.pointee.sample_aspect_ratio
        return Picture(
            raw: raw, pts: pts, isBurstFrame: isBurstFrame, shape: shape,
            remarks: [shape.remark, refresh.remark].compactMap(\.self),
            past: demuxer.orientation == nil ? between : nil, key: key, turn: turn)
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
                guard !isDraining, decoders.drain() else { return false }
                isDraining = true
                return true
            }
            if url.isStream { watch.noteClock(options.uptime()) }
            try checkPictures()
            guard let (packet, time) = demuxer.picture() else { continue }
            let isKey = packet.pointee.flags & AV_PKT_FLAG_KEY != 0
            options.receive(Int(packet.pointee.size))
            if let clip = options.clip, !clip.wait(for: demuxer.seconds(packet.pointee.dts) ?? time, deadline) {
                throw VideoError("read", on: url, cause: "stopped")
            }
            span = min(span?.lowerBound ?? time, time)...max(span?.upperBound ?? time, time)
            watch.noteStamp(demuxer.seconds(packet.pointee.dts) ?? time)
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
                try decoders.noteParameterSets(of: packet)
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
        let verdict = watch.verdict(
            options.sampling, isStream: url.isStream, promise: planner.rest?.promise ?? 0, refresh: refresh.patience)
        switch verdict {
        case nil: break
        case .isStarving: options.starve(barrenness().description)
        case .isOver: throw barrenness()
        }
    }

    /// What explains pictures that are not whole.
    private var losses: String {
        guard let session = demuxer.session, session.loss.share >= 0.005 else { return "" }
        let share = (session.loss.share * 1000).rounded() / 10
        return ", and \(share) % of its packets are lost on the way"
            + (session.used == .udp ? " (transport: tcp loses none)" : "")
    }

    private func barrenness() -> VideoError {
        var cause = "no whole picture in \(Int(watch.barren)) s"
        var kind = StreamFault.noPicture
        if refresh.isNeeded {
            cause += ": it sends no key frames: switch off intra refresh (gradual or smart refresh) at the camera"
            kind = .noKeyFrames
        } else if decoders.isSizeRefused {
            cause += ": the size of its pictures is refused: \(options.allowedPictures)"
            kind = .tooLarge
        }
        return VideoError("decode", on: url, cause: cause + losses, kind: kind)
    }

    /// Takes the marks of a refresh for what key frames are elsewhere, where there are none.
    private func follow(_ packet: UnsafePointer<AVPacket>, isKey: Bool, at time: Double) {
        let mark = refresh.take(packet, isKey: isKey, at: time)
        // The H.264 decoder follows recovery points by itself.
        guard decoders.announcement.codec == AV_CODEC_ID_HEVC else { return }
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
        decoders.renewOwn()
        // Where there is no key frame but a recovery point, the H.264 decoder gives nothing out until the pictures have been
        // renewed as far as the point says.
        if decoders.announcement.codec == AV_CODEC_ID_H264 { isDamaged = false }
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
        guard decoders.isSharing, planner.isSparse else { return true }
        // While the camera's last picture is looked at, its newest one waits for the next key frame.
        if taken?.isOver ?? true { turn = options.turns.turn(for: planner.due(at: time)) }
        // That there is no time for its pictures is no fault of the stream.
        if turn == nil { watch.excuse(at: options.uptime()) }
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
        guard try decoders.send(packet, isAlone: isAlone) else {
            noteFault()
            giveBack()
            return false
        }
        return true
    }

    /// The shared decoder is another camera's, if there is one.
    private func giveBack() {
        turn = nil
        decoders.giveBack()
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
