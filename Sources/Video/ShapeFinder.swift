internal import CFFmpeg
import Domain

/// Finds out how wide the pixels of each picture are, and writes it into the picture, where everybody reads it.
struct ShapeFinder {
    /// The shown shape by the configuration, which knows better than the stream.
    let configured: Aspect?
    /// What a file's container says, for pictures of the size that it gives.
    private let container: (aspect: AVRational, width: Int32, height: Int32)?
    /// What is shown is a quarter turn from what is stored.
    private let isTransposed: Bool
    /// H.265 has no woven pictures: a camera that interlaces sends each field as a picture of half the height.
    private let hasFields: Bool

    /// Sizes of television that recorders still store, and those of a frame that is stored at half its width: no pixel of
    /// them is square.
    private static let squeezed: Set<[Int]> = [
        [352, 240], [352, 288], [352, 480], [352, 576], [480, 480], [480, 576], [704, 240], [704, 288], [704, 480],
        [704, 576], [720, 240], [720, 288], [720, 480], [720, 576], [928, 576], [944, 576], [960, 480], [960, 576],
        [640, 720], [960, 1080], [1280, 1440],
    ]

    /// Below this a pixel is one of a field already, whose lines are twice as high as those of the picture: the widest of
    /// these is 16:11 by two, the narrowest of whole pictures 10:11.
    private static let widestOfFields = 0.75

    /// - Parameters:
    ///   - stream: of the file; nil for a camera, which says it in the pictures.
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
    ///   - raw: turned as it is shown.
    ///   - codec: what the decoder says of pictures that say nothing themselves.
    func settle(_ raw: UnsafeMutablePointer<AVFrame>, codec: AVRational) -> PictureShape {
        if let configured {
            // A pixel's width by its height, of the whole picture: w·p : h = configured.
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
