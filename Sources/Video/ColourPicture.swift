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
        let raw = canvas.raw.pointee
        pixels = try Self.scaled(
            (raw.data.0, raw.data.1, raw.data.2), (raw.linesize.0, raw.linesize.1, raw.linesize.2),
            (raw.width, raw.height, AVPixelFormat(rawValue: raw.format)), to: (width, height))
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
        let stride = Int32(self.width * 3)
        let scaled = try pixels.withUnsafeBufferPointer { source in
            let start = source.baseAddress.map { $0 + (part.y * self.width + part.x) * 3 }
            return try Self.scaled(
                (UnsafeMutablePointer(mutating: start), nil, nil), (stride, 0, 0),
                (Int32(part.width), Int32(part.height), AV_PIX_FMT_RGB24), to: (width, height))
        }
        return ColourPicture(width: width, height: height, pixels: scaled)
    }

    private typealias Planes = (
        UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?
    )

    private static func scaled(
        _ planes: Planes, _ strides: (Int32, Int32, Int32), _ from: (width: Int32, height: Int32, AVPixelFormat),
        to size: (width: Int, height: Int)
    ) throws -> [UInt8] {
        let context = sws_getContext(
            from.width, from.height, from.2, Int32(size.width), Int32(size.height), AV_PIX_FMT_RGB24, SWS_BILINEAR,
            nil, nil, nil)
        defer { sws_freeContext(context) }
        guard context != nil else {
            throw FFmpegError(operation: "scale a part of a picture", code: ffAVERROR_INVALIDDATA)
        }
        // swscale's vector code may write a little past the last row.
        var pixels = [UInt8](repeating: 0, count: size.width * size.height * 3 + 64)
        let sources: [UnsafePointer<UInt8>?] = [planes.0, planes.1, planes.2, nil].map { $0.map { UnsafePointer($0) } }
        let lines = [strides.0, strides.1, strides.2, 0]
        let rows = pixels.withUnsafeMutableBufferPointer { buffer in
            sws_scale(
                context, sources, lines, 0, from.height, [buffer.baseAddress, nil, nil, nil],
                [Int32(size.width * 3), 0, 0, 0])
        }
        try FFmpegError.check(rows, "scale a part of a picture")
        pixels.removeLast(64)
        return pixels
    }
}
