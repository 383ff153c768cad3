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
        /// Three planes of 1 byte a pixel, 0…255, one after the other: luma, blue and red difference, by the matrix that
        /// the picture states.
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

    private var conversion: Conversion?
    private var source: Conversion.Source?
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

    deinit { pixels.deallocate() }

    private mutating func prepared(for source: Conversion.Source) throws -> Conversion {
        if let conversion, source == self.source { return conversion }
        conversion = nil
        let made = try Conversion(from: source, to: (width, height, format.pixelFormat))
        (conversion, self.source) = (made, source)
        return made
    }

    /// Lends the scaled picture, rows of `width × bytes` without padding: valid only inside `body`.
    /// Throws where libswscale does not know the frame's pixel format.
    public mutating func scale<R>(_ frame: Frame, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) throws -> R {
        let conversion = try prepared(for: Conversion.Source(frame.raw))
        let stride = Int32(width * format.bytes)
        let targets = (0..<4).map { index in
            index < format.planes ? pixels.baseAddress?.advanced(by: index * width * height) : nil
        }
        try conversion.run(frame.raw, into: targets, [Int32](repeating: stride, count: 4))
        return try body(
            UnsafeBufferPointer(
                rebasing: UnsafeBufferPointer(pixels)[..<(width * height * format.bytes * format.planes)]))
    }
}
