import Domain

/// A stream that is opened for one key frame and closed again: the main stream of a camera whose looks come from a
/// smaller one. Used once.
///
/// Its decoder is its own, in whole quality: a large picture takes no decoder from the looks, and leaves none behind.
public final class DetailStream: Sendable {
    private let settings: Camera.Settings
    private let clocks: Clocks
    private let credentials: CredentialGate
    private let deadline = ReadDeadline()

    /// Seconds without a key frame after which everything is decoded; whoever reads has given up by then.
    private static let patience = 60.0

    /// - Parameter credentials: shared with the cameras of the same recorder.
    public init(settings: Camera.Settings, clocks: Clocks = .system, credentials: CredentialGate = .shared) {
        self.settings = settings
        self.clocks = clocks
        self.credentials = credentials
    }

    /// Opens the stream, hands over its first whole key frame, dated by our clock at its arrival, and closes the stream,
    /// which takes a second at most. Blocking.
    public func read(_ take: (Frame) -> Void) throws(VideoError) {
        guard !deadline.isStopped else { throw VideoError("open", on: settings.url, cause: "stopped") }
        var options = VideoSource.Options()
        options.transport = settings.transport
        options.openTimeout = settings.openTimeout
        options.readTimeout = settings.readTimeout
        options.sampling = .keyFrames(promise: Self.patience)
        options.aspect = settings.aspect
        options.largestPicture = settings.largestPicture
        options.authority = settings.caFile
        options.uptime = clocks.uptime
        options.credentials = credentials
        options.decoders = DecoderPool(kept: 1)
        options.turns = LookDispatcher(places: 1)
        options.isHasty = false
        let source = try VideoSource(settings.url, options: options, deadline: deadline)
        guard let picture = try source.next() else {
            throw VideoError("read", on: settings.url, cause: "it ended before its first key frame")
        }
        let frame = Frame(
            taking: picture.raw, time: MediaTime(picture.pts), date: clocks.now(), shape: picture.shape,
            remarks: picture.remarks)
        // Closing waits for the camera's answer.
        withExtendedLifetime(source) { take(frame) }
    }

    /// Interrupts the reading, but for a look-up of the host's name. It does not start again.
    public func stop() { deadline.stop() }
}

extension Camera.Settings {
    /// What an operator should know of the main stream, where these are its settings.
    ///
    /// - Parameter watched: the address of the stream that is watched.
    package func detailNotes(beside watched: CameraURL) -> [String] {
        switch (url.isEncrypted, watched.isEncrypted) {
        case (true, _) where caFile == nil:
            [
                "detail_url: nobody checks the camera's certificate: give ca_file, or let only the cameras into their "
                    + "network"
            ]
        case (false, true):
            [
                "detail_url does not begin with rtsps:// as url does: its pictures, and perhaps the password, can be read "
                    + "on the way"
            ]
        default: []
        }
    }
}
