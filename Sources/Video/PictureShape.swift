internal import CFFmpeg

/// How large a picture is, as it is stored and as it is shown: the pixels that a camera sends need not be square.
public struct PictureShape: Sendable, Equatable {
    /// Where the shape of the pixels is known from.
    public enum Origin: String, Sendable {
        /// The stream or the file says so.
        case stated
        /// `aspect` in the configuration.
        case configured
        /// Nothing says it: square.
        case assumed
    }

    /// Pixels.
    public let storedWidth: Int
    public let storedHeight: Int
    /// In square pixels. All that measures in the picture, scales it or draws on it goes by these.
    public let width: Int
    public let height: Int
    public let origin: Origin
    /// What an operator should know of it; nil where nothing is doubtful.
    public let remark: String?

    /// By what `raw` itself says.
    init(_ raw: UnsafePointer<AVFrame>, _ origin: Origin = .stated, remark: String? = nil) {
        (storedWidth, storedHeight) = (Int(raw.pointee.width), Int(raw.pointee.height))
        (width, height) = Self.shown(storedWidth, storedHeight, PixelAspect(raw.pointee.sample_aspect_ratio))
        self.origin = origin
        self.remark = remark
    }

    /// Pixels of a picture that grows as it is shown: beyond these one side shrinks instead.
    private static let largest = 4096 * 3072

    /// Rather larger than smaller, so that nothing of what is stored is lost.
    static func shown(_ width: Int, _ height: Int, _ aspect: PixelAspect?) -> (width: Int, height: Int) {
        guard let aspect, aspect.ratio != 1 else { return (width, height) }
        let ratio = aspect.ratio
        func whole(_ side: Int, _ factor: Double) -> Int { max(1, Int((Double(side) * factor).rounded())) }
        let growsToo = Double(width * height) * max(ratio, 1 / ratio) <= Double(largest)
        return (ratio > 1) == growsToo ? (whole(width, ratio), height) : (width, whole(height, 1 / ratio))
    }
}

/// The width of a pixel by its height.
struct PixelAspect: Equatable {
    let rational: AVRational

    var ratio: Double { Double(rational.num) / Double(rational.den) }

    /// A recorder halves one side at most twice, and what it takes in may be wide already: 352x576 of a wide picture is
    /// 32:11. What lies beyond is a mistake.
    private static let plausible = 0.25...4.0

    /// Nil where it is not stated, or cannot be.
    init?(_ rational: AVRational) {
        guard rational.num > 0, rational.den > 0,
            Self.plausible.contains(Double(rational.num) / Double(rational.den))
        else { return nil }
        self.rational = rational
    }

    static func == (a: PixelAspect, b: PixelAspect) -> Bool { av_cmp_q(a.rational, b.rational) == 0 }
}

extension AVRational {
    /// Whether anything is said at all.
    var isStated: Bool { num != 0 && den != 0 }
}
