internal import CFFmpeg

/// The size of a picture, as stored and as displayed: a camera's pixels need not be square.
public struct PictureShape: Sendable, Equatable {
    /// The origin of the pixel shape.
    public enum Origin: String, Sendable {
        /// Stated by the stream or the file.
        case stated
        /// `aspect` in the configuration.
        case configured
        /// Unknown: square.
        case assumed
    }

    /// Pixels.
    public let storedWidth: Int
    public let storedHeight: Int
    /// In square pixels. Used for all measuring, scaling and drawing.
    public let width: Int
    public let height: Int
    public let origin: Origin
    /// What an operator should know about it; nil where nothing is doubtful.
    public let remark: String?

    /// From the values of `raw`.
    init(_ raw: UnsafePointer<AVFrame>, _ origin: Origin = .stated, remark: String? = nil) {
        (storedWidth, storedHeight) = (Int(raw.pointee.width), Int(raw.pointee.height))
        (width, height) = Self.shown(storedWidth, storedHeight, PixelAspect(raw.pointee.sample_aspect_ratio))
        self.origin = origin
        self.remark = remark
    }

    /// Most pixels of a picture that is enlarged for display: beyond that one side is reduced instead.
    private static let largest = 4096 * 3072

    /// Rather larger than smaller, so that no stored detail is lost.
    static func shown(_ width: Int, _ height: Int, _ aspect: PixelAspect?) -> (width: Int, height: Int) {
        guard let aspect, aspect.ratio != 1 else { return (width, height) }
        let ratio = aspect.ratio
        func whole(_ side: Int, _ factor: Double) -> Int { max(1, Int((Double(side) * factor).rounded())) }
        let growsToo = Double(width * height) * max(ratio, 1 / ratio) <= Double(largest)
        return (ratio > 1) == growsToo ? (whole(width, ratio), height) : (width, whole(height, 1 / ratio))
    }
}

/// The width of a pixel divided by its height.
struct PixelAspect: Equatable {
    let rational: AVRational

    var ratio: Double { Double(rational.num) / Double(rational.den) }

    /// A recorder halves one side at most twice, and its input may be wide already: 352x576 of a wide picture is 32:11.
    /// Values outside are errors.
    private static let plausible = 0.25...4.0

    /// Nil where it is unstated or implausible.
    init?(_ rational: AVRational) {
        guard rational.num > 0, rational.den > 0,
            Self.plausible.contains(Double(rational.num) / Double(rational.den))
        else { return nil }
        self.rational = rational
    }

    static func == (a: PixelAspect, b: PixelAspect) -> Bool { av_cmp_q(a.rational, b.rational) == 0 }
}

extension AVRational {
    /// Whether a value is stated.
    var isStated: Bool { num != 0 && den != 0 }
}
