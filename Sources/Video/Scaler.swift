internal import CFFmpeg

/// Scales a part of a frame and converts it to packed pixels in one pass.
///
/// One owner, one thread. Each scaler keeps its buffer, so that looking costs no allocation.
public struct Scaler: ~Copyable {
    public enum Format: Sendable {
        /// 3 bytes a pixel, red first.
        case rgb
        /// 1 byte a pixel, 0…255.
        case grey
        /// Three planes of 1 byte a pixel, 0…255, one after the other: luma, blue and red difference.
        case planes

        /// In one plane.
        var bytes: Int { self == .rgb ? 3 : 1 }
        var planes: Int { self == .planes ? 3 : 1 }
        var pixelFormat: AVPixelFormat {
            switch self {
            case .rgb: AV_PIX_FMT_RGB24
            case .grey: AV_PIX_FMT_GRAY8
            case .planes: AV_PIX_FMT_YUV444P
            }
        }
    }

    /// What a context is for.
    private struct Source: Equatable {
        let width: Int32
        let height: Int32
        let format: AVPixelFormat
        /// Luma runs from 0 to 255 rather than from 16 to 235.
        let isFullRange: Bool

        init(_ raw: UnsafePointer<AVFrame>) {
            width = raw.pointee.width
            height = raw.pointee.height
            let stated = AVPixelFormat(rawValue: raw.pointee.format)
            // libswscale replaces these names itself, and would then never know its own context again.
            let names = [
                AV_PIX_FMT_YUVJ420P: AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ411P: AV_PIX_FMT_YUV411P,
                AV_PIX_FMT_YUVJ422P: AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUVJ440P: AV_PIX_FMT_YUV440P,
                AV_PIX_FMT_YUVJ444P: AV_PIX_FMT_YUV444P,
            ]
            format = names[stated] ?? stated
            isFullRange = names[stated] != nil || raw.pointee.color_range == AVCOL_RANGE_JPEG
        }
    }

    private var context: OpaquePointer?
    private var source: Source?
    public let width: Int
    public let height: Int
    public let format: Format
    private let pixels: UnsafeMutableBufferPointer<UInt8>

    /// - Parameters: width and height in pixels of the output.
    public init(width: Int, height: Int, format: Format) {
        self.width = width
        self.height = height
        self.format = format
        // swscale's vector code may write a little past the last row.
        pixels = .allocate(capacity: width * height * format.bytes * format.planes + 64)
        pixels.initialize(repeating: 0)
    }

    deinit {
        sws_freeContext(context)
        pixels.deallocate()
    }

    private mutating func prepare(for source: Source) throws {
        guard context == nil || source != self.source else { return }
        sws_freeContext(context)
        self.source = source
        context = sws_getContext(
            source.width, source.height, source.format, Int32(width), Int32(height), format.pixelFormat, SWS_BILINEAR,
            nil, nil, nil)
        guard context != nil else {
            throw FFmpegError(operation: "scale a picture to \(width)x\(height)", code: ffAVERROR_INVALIDDATA)
        }
        var (table, target) = (UnsafeMutablePointer<Int32>?.none, UnsafeMutablePointer<Int32>?.none)
        var (sourceRange, targetRange, brightness, contrast, saturation) = (
            Int32(0), Int32(0), Int32(0), Int32(0), Int32(0)
        )
        // Refused for formats without luma, which have no such range.
        guard
            sws_getColorspaceDetails(
                context, &table, &sourceRange, &target, &targetRange, &brightness, &contrast, &saturation) >= 0
        else { return }
        sws_setColorspaceDetails(
            context, table, source.isFullRange ? 1 : sourceRange, target, 1, brightness, contrast, saturation)
    }

    /// Lends the scaled picture, rows of `width × bytes` without padding: valid only inside `body`.
    /// Throws where libswscale does not know the frame's pixel format.
    public mutating func scale<R>(_ frame: Frame, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) throws -> R {
        let raw = frame.raw
        try prepare(for: Source(raw))
        let stride = Int32(width * format.bytes)
        let rows = withUnsafeBytes(of: &raw.pointee.data) { planes in
            withUnsafeBytes(of: &raw.pointee.linesize) { strides in
                let plane = width * height
                let targets = (0..<4).map { index in
                    index < format.planes ? pixels.baseAddress?.advanced(by: index * plane) : nil
                }
                let targetStrides = [Int32](repeating: stride, count: 4)
                return sws_scale(
                    context, planes.assumingMemoryBound(to: UnsafePointer<UInt8>?.self).baseAddress,
                    strides.assumingMemoryBound(to: Int32.self).baseAddress, 0, raw.pointee.height,
                    targets, targetStrides)
            }
        }
        try FFmpegError.check(rows, "scale a picture to \(width)x\(height)")
        return try body(
            UnsafeBufferPointer(
                rebasing: UnsafeBufferPointer(pixels)[..<(width * height * format.bytes * format.planes)]))
    }
}
