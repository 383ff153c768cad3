internal import CFFmpeg

/// A picture in packed RGB, for networks that work on parts of it at full resolution.
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

    /// A part of the picture, given in pixels and cut at its edge, scaled to a size of its own.
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
