internal import CFFmpeg

/// Assigns each packet of a file a monotonic time.
///
/// Raw streams have no time stamps: there the stated frame rate is used. In concatenated files the stamps jump back:
/// later ones are shifted to continue one picture after the last.
struct FileStamps {
    /// Distance of two pictures, in units of the stream, as are all stamps here.
    private let step: Int64
    private let second: Int64
    private var shift: Int64 = 0
    /// The newest assigned stamp.
    private var newest: Int64?
    private var hasStamps = false

    /// - Parameters:
    ///   - timeBase: the length of a unit, in seconds.
    ///   - rates: frame rates; the first stated one is used, otherwise 25, as in libav's raw demuxers.
    init(timeBase: AVRational, rates: [AVRational]) {
        let rate = rates.first { $0.num > 0 && $0.den > 0 } ?? AVRational(num: 25, den: 1)
        step = max(1, av_rescale_q(1, AVRational(num: rate.den, den: rate.num), timeBase))
        second = max(1, av_rescale_q(1, AVRational(num: 1, den: 1), timeBase))
    }

    /// True where the file has no stamps. Pictures then get decoding times, which are in another order.
    var areCounted: Bool { newest != nil && !hasStamps }

    /// Packets come in the order of decoding.
    mutating func mend(_ packet: inout AVPacket) {
        // Stamps may have any value: they wrap rather than trap.
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
