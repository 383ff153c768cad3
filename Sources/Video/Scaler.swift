internal import CFFmpeg

/// Scales a part of a frame and converts it to packed pixels in one pass.
///
/// One owner, one thread. Each scaler keeps its buffer, so that a look needs no allocation.
public struct Scaler: ~Copyable {
    public enum Format: Sendable {
        /// 3 bytes a pixel, red first.
        case rgb
        /// 1 byte a pixel, 0…255.
        case grey
        /// Three planes of 1 byte a pixel, 0…255, one after the other: luma, blue and red difference, by the matrix
        /// that the picture states.
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

    /// Lends the scaled picture, rows of `width × bytes` without padding: valid only inside `body`. Throws where
    /// libswscale does not support the frame's pixel format.
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

/// A picture in packed RGB, for networks that use parts of it at full resolution.
public struct ColourPicture: Sendable {
    /// Pixels.
    public let width: Int
    public let height: Int
    /// Rows of width × 3 bytes, red first, without padding.
    public let pixels: [UInt8]

    /// The whole of a canvas at full resolution.
    public init(_ canvas: borrowing Canvas) throws {
        (width, height) = (canvas.width, canvas.height)
        pixels = try Self.pixels(width: width, height: height, from: Conversion.Source(canvas.raw)) {
            conversion, target in
            try conversion.run(canvas.raw, into: [target, nil, nil, nil], [Int32(canvas.width * 3), 0, 0, 0])
        }
    }

    private init(width: Int, height: Int, pixels: [UInt8]) {
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// A part of the picture, given in pixels and cut at its edge, scaled to its own size.
    public func part(_ part: PixelBox, width: Int, height: Int) throws -> ColourPicture {
        let part = part.cut(width: self.width, height: self.height)
        guard part.width > 0, part.height > 0, width > 0, height > 0 else {
            throw FFmpegError(operation: "cut an empty part out of a picture", code: ffAVERROR_INVALIDDATA)
        }
        let source = Conversion.Source(width: part.width, height: part.height, packed: AV_PIX_FMT_RGB24)
        let scaled = try Self.pixels(width: width, height: height, from: source) { conversion, target in
            try pixels.withUnsafeBufferPointer { pixels in
                try conversion.run(
                    [pixels.baseAddress.map { $0 + (part.y * self.width + part.x) * 3 }, nil, nil, nil],
                    [Int32(self.width * 3), 0, 0, 0], into: [target, nil, nil, nil], [Int32(width * 3), 0, 0, 0])
            }
        }
        return ColourPicture(width: width, height: height, pixels: scaled)
    }

    private static func pixels(
        width: Int, height: Int, from source: Conversion.Source,
        _ body: (Conversion, UnsafeMutablePointer<UInt8>?) throws -> Void
    ) throws -> [UInt8] {
        let conversion = try Conversion(from: source, to: (width, height, AV_PIX_FMT_RGB24))
        var pixels = [UInt8](repeating: 0, count: width * height * 3 + 64)
        try pixels.withUnsafeMutableBufferPointer { try body(conversion, $0.baseAddress) }
        pixels.removeLast(64)
        return pixels
    }
}
