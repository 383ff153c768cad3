internal import CFFmpeg

/// Scales pictures of one kind into those of another, and normalises range and matrix: 0…255, and the requested matrix.
/// One owner, one thread.
final class Conversion {
    /// The meaning of a picture's samples.
    struct Source: Equatable {
        let width: Int32
        let height: Int32
        let format: AVPixelFormat
        /// Luma runs from 0 to 255 rather than from 16 to 235.
        let isFullRange: Bool
        /// Of luma and colour differences, as libav numbers them.
        let matrix: AVColorSpace
        let isGrey: Bool

        /// - Parameter raw: states its matrix; otherwise that of JPEG is assumed.
        init(_ raw: UnsafePointer<AVFrame>) {
            let stated = AVPixelFormat(rawValue: raw.pointee.format)
            // libswscale replaces these names itself, and would then never recognise its own context again.
            let plain = Self.plain[stated]
            let shape = av_pix_fmt_desc_get(plain ?? stated)?.pointee
            let isRGB = (shape?.flags ?? 0) & UInt64(AV_PIX_FMT_FLAG_RGB) != 0
            width = raw.pointee.width
            height = raw.pointee.height
            format = plain ?? stated
            isGrey = !isRGB && (shape?.nb_components ?? 3) <= 2
            isFullRange = !isRGB && (plain != nil || raw.pointee.color_range == AVCOL_RANGE_JPEG)
            // Luma alone is the same for each matrix.
            matrix = isRGB || isGrey ? Conversion.jpeg : Self.known(raw.pointee.colorspace) ?? Conversion.jpeg
        }

        /// - Parameter format: packed RGB.
        init(width: Int, height: Int, packed format: AVPixelFormat) {
            self.width = Int32(clamping: width)
            self.height = Int32(clamping: height)
            self.format = format
            (isFullRange, matrix, isGrey) = (false, Conversion.jpeg, false)
        }

        private static let plain = [
            AV_PIX_FMT_YUVJ420P: AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ411P: AV_PIX_FMT_YUV411P,
            AV_PIX_FMT_YUVJ422P: AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUVJ440P: AV_PIX_FMT_YUV440P,
            AV_PIX_FMT_YUVJ444P: AV_PIX_FMT_YUV444P,
        ]

        /// Nil for an unstated matrix, and for formats without one.
        private static func known(_ stated: AVColorSpace) -> AVColorSpace? {
            [
                AVCOL_SPC_BT709, AVCOL_SPC_FCC, AVCOL_SPC_BT470BG, AVCOL_SPC_SMPTE170M, AVCOL_SPC_SMPTE240M,
                AVCOL_SPC_BT2020_NCL, AVCOL_SPC_BT2020_CL,
            ].contains(stated) ? stated : nil
        }
    }

    /// BT.601, as in JPEG.
    static let jpeg = AVCOL_SPC_BT470BG

    /// The matrix that players assume where none is stated: that of television for the size.
    static func usualMatrix(width: Int32, height: Int32) -> AVColorSpace {
        width >= 1280 || height > 576 ? AVCOL_SPC_BT709 : jpeg
    }

    private let context: OpaquePointer
    private let source: Source
    private let target: (width: Int, height: Int, format: AVPixelFormat)

    /// Grey in limited range is passed through libswscale as full range, and expanded afterwards: libswscale takes all
    /// grey for full range when it sets up a context, and copies it unchanged where the size is the same.
    private var isToBeSpread: Bool { source.isGrey && !source.isFullRange }

    /// - Parameter matrix: of a target with colour differences; nil for that of the source.
    init(
        from source: Source, to target: (width: Int, height: Int, format: AVPixelFormat), matrix: AVColorSpace? = nil
    ) throws(FFmpegError) {
        let fault = FFmpegError(
            operation: "scale a picture to \(target.width)x\(target.height)", code: ffAVERROR_INVALIDDATA)
        guard var context = sws_alloc_context().map(Optional.some) else { throw fault }
        let isFull: Int32 = source.isFullRange || source.isGrey ? 1 : 0
        // Ranges set after the creation of the context are ignored for more than eight bits.
        let options: [(String, Int64)] = [
            ("srcw", Int64(source.width)), ("srch", Int64(source.height)),
            ("src_format", Int64(source.format.rawValue)),
            ("dstw", Int64(target.width)), ("dsth", Int64(target.height)),
            ("dst_format", Int64(target.format.rawValue)),
            ("sws_flags", Int64(SWS_BILINEAR)), ("src_range", Int64(isFull)), ("dst_range", 1),
        ]
        for (name, value) in options { av_opt_set_int(UnsafeMutableRawPointer(context), name, value, 0) }
        guard sws_init_context(context, nil, nil) >= 0, let ready = context else {
            sws_freeContext(context)
            throw fault
        }
        // Refused for formats without luma, which have no such range.
        sws_setColorspaceDetails(
            ready, sws_getCoefficients(Int32(source.matrix.rawValue)), isFull,
            sws_getCoefficients(Int32((matrix ?? source.matrix).rawValue)), 1, 0, 1 << 16, 1 << 16)
        context = nil
        self.context = ready
        self.source = source
        self.target = target
    }

    deinit { sws_freeContext(context) }

    /// - Parameters:
    ///   - planes, strides: four each, of the source and of the target. The target needs 64 bytes after its last row:
    ///     libswscale's vector code may write a little past it.
    func run(
        _ planes: [UnsafePointer<UInt8>?], _ strides: [Int32], into targets: [UnsafeMutablePointer<UInt8>?],
        _ targetStrides: [Int32]
    ) throws(FFmpegError) {
        let rows = sws_scale(context, planes, strides, 0, source.height, targets, targetStrides)
        try FFmpegError.check(rows, "scale a picture to \(target.width)x\(target.height)")
        guard isToBeSpread, let start = targets[0] else { return }
        let count = target.width * (target.format == AV_PIX_FMT_RGB24 ? 3 : 1)
        for row in 0..<target.height {
            let line = start + row * Int(targetStrides[0])
            for column in 0..<count { line[column] = Self.spread[Int(line[column])] }
        }
    }

    /// The same with a libav picture as source.
    func run(
        _ raw: UnsafePointer<AVFrame>, into targets: [UnsafeMutablePointer<UInt8>?], _ targetStrides: [Int32]
    ) throws(FFmpegError) {
        let (data, lines) = (raw.pointee.data, raw.pointee.linesize)
        try run(
            [data.0, data.1, data.2, data.3].map { $0.map { UnsafePointer($0) } },
            [lines.0, lines.1, lines.2, lines.3], into: targets, targetStrides)
    }

    /// Expands 16…235 to 0…255.
    private static let spread: [UInt8] = (0..<256).map { (level: Int) -> UInt8 in
        let wide = ((level - 16) * 255 + 109) / 219
        return UInt8(max(0, min(255, wide)))
    }
}
