internal import CFFmpeg

/// Gives each packet of a file a time, and none that is before the times of those that came earlier.
///
/// Raw streams have no stamps: there the stated rate of pictures tells the time. In files that were joined the stamps jump
/// back: what follows goes on one picture after what came last.
struct FileStamps {
    /// From one picture to the next, in units of the stream, as are all stamps here.
    private let step: Int64
    private let second: Int64
    private var shift: Int64 = 0
    /// The newest stamp that was given.
    private var newest: Int64?
    private var hasStamps = false

    /// - Parameters:
    ///   - timeBase: the length of a unit, in seconds.
    ///   - rates: pictures in a second; the first that is stated counts, else 25, as for libav's raw demuxers.
    init(timeBase: AVRational, rates: [AVRational]) {
        let rate = rates.first { $0.num > 0 && $0.den > 0 } ?? AVRational(num: 25, den: 1)
        step = max(1, av_rescale_q(1, AVRational(num: rate.den, den: rate.num), timeBase))
        second = max(1, av_rescale_q(1, AVRational(num: 1, den: 1), timeBase))
    }

    /// True where the file has no stamps. Pictures have the time of their decoding then, and not in that order.
    var areCounted: Bool { newest != nil && !hasStamps }

    /// Packets come in the order of decoding.
    mutating func mend(_ packet: inout AVPacket) {
        // Stamps may be anything: they wrap rather than trap.
        let isDecodingTime = packet.dts != ffNOPTS
        let stamp = isDecodingTime ? packet.dts : packet.pts
        guard stamp != ffNOPTS, stamp.magnitude < 1 << 60 else {
            let time = newest.map { $0 &+ step } ?? 0
            packet.dts = time
            // Beside stamps of the file's own it would be a picture shown too early.
            if !hasStamps { packet.pts = time }
            newest = time
            return
        }
        // Presentation times go back where pictures are reordered.
        if let newest, stamp &+ shift < newest &- (isDecodingTime ? 0 : second) { shift = newest &+ step &- stamp }
        if packet.pts != ffNOPTS { packet.pts = packet.pts &+ shift }
        if packet.dts != ffNOPTS { packet.dts = packet.dts &+ shift }
        newest = max(newest ?? .min, stamp &+ shift)
        hasStamps = true
    }
}
