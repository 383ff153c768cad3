internal import CFFmpeg
import Domain

/// Determines the pixel shape of each picture, and stores it in the picture for all consumers.
struct ShapeFinder {
    /// The configured display shape, which overrides the stream.
    let configured: Aspect?
    /// The container's value, for pictures of the size that it gives.
    private let container: (aspect: AVRational, width: Int32, height: Int32)?
    /// The display is rotated by a quarter turn.
    private let isTransposed: Bool
    /// H.265 has no interlaced pictures: an interlacing camera sends each field as a picture of half the height.
    private let hasFields: Bool

    /// Television sizes that recorders still store, and those of a frame stored at half its width: none of them has
    /// square pixels.
    private static let squeezed: Set<[Int]> = [
        [352, 240], [352, 288], [352, 480], [352, 576], [480, 480], [480, 576], [704, 240], [704, 288], [704, 480],
        [704, 576], [720, 240], [720, 288], [720, 480], [720, 576], [928, 576], [944, 576], [960, 480], [960, 576],
        [640, 720], [960, 1080], [1280, 1440],
    ]

    /// A smaller value already denotes a field, whose lines are twice as high as those of the picture: the widest of
    /// these is 16:11 by two, the narrowest of whole pictures 10:11.
    private static let widestOfFields = 0.75

    /// - Parameters:
    ///   - stream: of the file; nil for a camera, which states it in the pictures.
    init(
        configured: Aspect?, stream: UnsafePointer<AVStream>?, codec: AVCodecID, isTransposed: Bool
    ) {
        self.configured = configured
        self.isTransposed = isTransposed
        hasFields = codec == AV_CODEC_ID_HEVC
        container = stream.flatMap { stream in
            let aspect = stream.pointee.sample_aspect_ratio
            guard aspect.isStated, let shape = stream.pointee.codecpar else { return nil }
            return (aspect, shape.pointee.width, shape.pointee.height)
        }
    }

    /// - Parameters:
    ///   - raw: rotated for display.
    ///   - codec: the decoder's value for pictures that state none.
    func settle(_ raw: UnsafeMutablePointer<AVFrame>, codec: AVRational) -> PictureShape {
        if let configured {
            // A pixel's width divided by its height, of the whole picture: w·p : h = configured.
            raw.pointee.sample_aspect_ratio = Self.product(
                AVRational(num: Int32(clamping: configured.width), den: Int32(clamping: configured.height)),
                AVRational(num: raw.pointee.height, den: raw.pointee.width))
            if PixelAspect(raw.pointee.sample_aspect_ratio) != nil { return PictureShape(raw, .configured) }
        }
        let (width, height) = (raw.pointee.width, raw.pointee.height)
        let stored = isTransposed ? (height, width) : (width, height)
        let isField = hasFields && ffIsInterlaced(raw) != 0
        let own = raw.pointee.sample_aspect_ratio
        let stated =
            if let container, (container.width, container.height) == stored { container.aspect } else {
                own.isStated ? own : codec
            }
        let believed = PixelAspect(stated)
        var aspect = believed?.rational ?? AVRational(num: 1, den: 1)
        if isField, !(believed.map { $0.ratio <= Self.widestOfFields } ?? false) {
            aspect = Self.product(aspect, AVRational(num: 1, den: 2))
        }
        raw.pointee.sample_aspect_ratio = isTransposed ? AVRational(num: aspect.den, den: aspect.num) : aspect
        guard believed == nil else { return PictureShape(raw, .stated) }
        return PictureShape(
            raw, .assumed, remark: remark(stated, Int(stored.0), Int(stored.1) * (isField ? 2 : 1)))
    }

    private func remark(_ stated: AVRational, _ width: Int, _ height: Int) -> String? {
        var why: String?
        if configured != nil {
            return
                "the configured aspect does not fit its pictures of \(width)x\(height); what the stream says is taken"
        } else if stated.isStated {
            why = "says that the width of a pixel is to its height as \(stated.num):\(stated.den), which cannot be"
        } else if Self.squeezed.contains([width, height]) {
            why = "does not say how wide a pixel of its \(width)x\(height) is"
        }
        return why.map {
            "the camera \($0); square ones are taken: where people and vehicles look squeezed or stretched, set aspect "
                + "to the shape that its picture should have, such as 16:9 or 4:3"
        }
    }

    private static func product(_ a: AVRational, _ b: AVRational) -> AVRational {
        var result = AVRational(num: 0, den: 1)
        av_reduce(
            &result.num, &result.den, Int64(a.num) * Int64(b.num), Int64(a.den) * Int64(b.den), Int64(Int32.max))
        return result
    }
}
