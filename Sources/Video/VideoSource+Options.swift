import Domain

extension VideoSource {
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
        var decoders = DecoderPool.shared
        var turns = LookDispatcher.shared
        /// Key frames on their own are decoded to be looked at: see `PictureDecoder`.
        var isHasty = true
        /// What decodes key frames on their own; all others are decoded in software.
        var decoding = DecodingWay.software
        /// The shape in which pictures are shown; what the stream says where nil.
        var aspect: Aspect?
        /// A clock that only runs, in seconds. A stream is held to it; a file is what it says, however fast it is read.
        var uptime = Clocks.system.uptime
        /// What is played in place of the file, whose path only names it then; nil for all others.
        var clip: PacedClip?
        /// Asked at each packet how long no look is needed, from the last one on; nil where the source is told.
        var rest: (@Sendable () -> Rest?)?
        /// Called for each packet that comes.
        var progress: @Sendable () -> Void = {}
        /// Called with the size of each packet of the pictures, in bytes.
        var receive: @Sendable (Int) -> Void = { _ in }
        /// Called once when a stream brings packets but no picture for longer than a fault may go unsaid, with the reason.
        var starve: @Sendable (String) -> Void = { _ in }

        /// How large pictures may be, and what to do about larger ones.
        var allowedPictures: String {
            "at most \(PacketScreen.megapixels(largestPicture)) megapixels are decoded; "
                + "set a smaller picture at the camera, or raise largest_picture"
        }
    }
}
