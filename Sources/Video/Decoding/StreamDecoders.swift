internal import CFFmpeg

/// The decoders of one stream, and the memory for their pictures: its own while more than key frames is decoded, and for a key
/// frame on its own one that all cameras share. One owner, one thread.
struct StreamDecoders: ~Copyable {
    /// What the stream announces, with the sets of parameters that came with its newest key frame.
    private(set) var announcement: StreamAnnouncement
    /// Key frames on their own are decoded by a shared decoder.
    private(set) var isSharing: Bool
    /// While more than key frames is decoded; nil before that.
    private var own: PictureDecoder?
    /// For one key frame.
    private var shared: PictureDecoder?
    /// What the shared decoder was given.
    private(set) var key: KeyPicture?
    /// Sets of parameters came that are not announced.
    private var lacksSets = false
    /// The decoder has refused the size of the newest picture.
    private(set) var isSizeRefused = false
    /// Of the budget, for pictures of this size.
    private var claimed = (bytes: 0, width: Int32(0), height: Int32(0), isShared: false)
    private let url: CameraURL
    private let options: VideoSource.Options

    /// - Parameter isSharing: for streams that announce all sets of parameters that key frames refer to.
    init(_ announcement: StreamAnnouncement, of url: CameraURL, isSharing: Bool, options: VideoSource.Options) {
        self.announcement = announcement
        self.isSharing = isSharing
        self.url = url
        self.options = options
    }

    deinit {
        if let shared { options.decoders.end(shared) }
        _ = options.budget.take(0, insteadOf: claimed.bytes)
    }

    /// A key frame is decoded on its own, by a decoder of all cameras.
    var areShared: Bool { shared != nil }

    /// The width of a pixel by its height, where pictures do not say it themselves.
    var aspect: AVRational { (shared ?? own)?.aspect ?? AVRational(num: 0, den: 1) }

    /// As `avcodec_receive_frame`; no picture before a packet was given.
    func receive(_ raw: UnsafeMutablePointer<AVFrame>) -> Int32 { (shared ?? own)?.receive(raw) ?? ffAVERROR_EAGAIN }

    /// Gives a decoder one packet; false where it does not take it.
    ///
    /// - Parameter isAlone: of a key frame that nothing is to follow.
    mutating func send(_ packet: UnsafeMutablePointer<AVPacket>, isAlone: Bool) throws(VideoError) -> Bool {
        let decoder: PictureDecoder
        do throws(FFmpegError) { decoder = try self.decoder(isAlone: isAlone) } catch {
            throw VideoError("open the decoder", on: url, cause: "\(error)")
        }
        let isTaken = decoder.send(packet)
        isSizeRefused = decoder.hasRefusedSize
        guard isTaken else { return false }
        if shared != nil { key = KeyPicture(packet, announcement, options.decoders) }
        // Without this a decoder that may reorder holds each key frame back until the next one.
        if isAlone { decoder.drain() }
        return true
    }

    private mutating func decoder(isAlone: Bool) throws(FFmpegError) -> PictureDecoder {
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
    mutating func giveBack() {
        guard let shared else { return }
        options.decoders.end(shared)
        (self.shared, key) = (nil, nil)
    }

    /// The stream ends: all pictures come out. False where no decoder has any.
    func drain() -> Bool {
        own?.drain()
        return own != nil
    }

    /// The stream's own decoder forgets what it has. One that is tainted does not forget all; where it alone knows all sets of
    /// parameters it has to go on.
    mutating func renewOwn() {
        let isKnown = !lacksSets && announcement.parameterSets?.isComplete ?? true
        if isKnown, own?.isTainted == true { own = nil } else { own?.reset() }
    }

    /// A shared decoder must know all sets of parameters that a key frame refers to, and no others.
    mutating func noteParameterSets(of packet: UnsafePointer<AVPacket>) throws(VideoError) {
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

    /// Takes from the budget of all cameras what pictures of this size need while they are decoded.
    ///
    /// - Parameter stated: how many pictures a stream of H.265 says are kept; nil where it says nothing.
    mutating func claim(_ raw: UnsafePointer<AVFrame>, kept stated: Int?) throws(VideoError) {
        let (width, height) = (raw.pointee.width, raw.pointee.height)
        guard (width, height, areShared) != (claimed.width, claimed.height, claimed.isShared) else { return }
        let one = Int(av_image_get_buffer_size(AVPixelFormat(rawValue: raw.pointee.format), width, height, 32))
        // What refers to how many libav shows of H.264 only. H.265 states how many are kept; six are allowed at the largest
        // size of each level. A shared decoder keeps none for this stream.
        let kept = announcement.codec == AV_CODEC_ID_HEVC ? stated ?? 6 : own?.keptPictures ?? 1
        // One that is being decoded, one that waits for its look, one that is looked at.
        let bytes = max(0, one) * (areShared ? 2 : kept + 3)
        guard options.budget.take(bytes, insteadOf: claimed.bytes) else {
            throw VideoError(
                "decode", on: url,
                cause:
                    "its pictures of \(width)x\(height) need \(bytes >> 20) MiB, and those of all cameras together may "
                    + "take \(options.budget.bytes >> 20) MiB, half of this computer's memory: set a smaller picture at "
                    + "this camera or at others", kind: .tooLarge)
        }
        claimed = (bytes, width, height, areShared)
    }
}
