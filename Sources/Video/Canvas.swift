public import Analytics
internal import CFFmpeg
import Foundation

/// A copy of a picture, planar 4:2:0, that can be drawn on and encoded. One owner.
public struct Canvas: ~Copyable {
    /// Luma and the two colour differences, 0…255.
    public struct Colour: Sendable {
        let y: UInt8
        let u: UInt8
        let v: UInt8

        public static let red = Colour(y: 76, u: 85, v: 255)
        public static let yellow = Colour(y: 226, u: 1, v: 149)
        public static let green = Colour(y: 150, u: 44, v: 21)
        public static let blue = Colour(y: 80, u: 220, v: 80)
        public static let grey = Colour(y: 200, u: 128, v: 128)
    }

    let raw: UnsafeMutablePointer<AVFrame>
    /// Pixels, both even.
    public var width: Int { Int(raw.pointee.width) }
    public var height: Int { Int(raw.pointee.height) }

    /// Copies `part` of a frame (or all of it) at full resolution.
    public init(_ frame: Frame, part: Box? = nil) throws {
        let source = try frame.part(part ?? Box(x: 0, y: 0, width: 1, height: 1))
        let whole = source.raw
        let (width, height) = (source.width & ~1, source.height & ~1)
        guard let target = av_frame_alloc() else {
            throw FFmpegError(operation: "copy a picture", code: ffAVERROR_INVALIDDATA)
        }
        var done = false
        var unfinished: UnsafeMutablePointer<AVFrame>? = target
        defer { if !done { av_frame_free(&unfinished) } }
        target.pointee.format = AV_PIX_FMT_YUVJ420P.rawValue
        target.pointee.width = Int32(width)
        target.pointee.height = Int32(height)
        try FFmpegError.check(av_frame_get_buffer(target, 0), "allocate a picture")
        let context = sws_getContext(
            whole.pointee.width, whole.pointee.height, AVPixelFormat(rawValue: whole.pointee.format), Int32(width),
            Int32(height), AV_PIX_FMT_YUVJ420P, SWS_BILINEAR, nil, nil, nil)
        defer { sws_freeContext(context) }
        guard context != nil else {
            throw FFmpegError(operation: "convert a picture", code: ffAVERROR_INVALIDDATA)
        }
        try FFmpegError.check(sws_scale_frame(context, target, whole), "convert a picture")
        done = true
        raw = target
    }

    deinit {
        var pointer: UnsafeMutablePointer<AVFrame>? = raw
        av_frame_free(&pointer)
    }

    /// Draws the border of a box; `thickness` in pixels.
    public func draw(_ box: Box, _ colour: Colour, thickness: Int = 2) {
        let corners = [
            Point(x: box.x, y: box.y), Point(x: box.maxX, y: box.y), Point(x: box.maxX, y: box.maxY),
            Point(x: box.x, y: box.maxY),
        ]
        draw(Polygon(corners), colour, thickness: thickness)
    }

    /// Draws the border of an area; `thickness` in pixels.
    public func draw(_ polygon: Polygon, _ colour: Colour, thickness: Int = 2) {
        for (index, a) in polygon.corners.enumerated() {
            let b = polygon.corners[(index + 1) % polygon.corners.count]
            let steps = max(abs(b.x - a.x) * Double(width), abs(b.y - a.y) * Double(height), 1).rounded(.up)
            for step in 0...Int(min(steps, 20_000)) {
                let t = Double(step) / steps
                dot(
                    (a.x + (b.x - a.x) * t) * Double(width), (a.y + (b.y - a.y) * t) * Double(height), colour, thickness
                )
            }
        }
    }

    private func dot(_ x: Double, _ y: Double, _ colour: Colour, _ size: Int) {
        guard x.isFinite, y.isFinite, let luma = raw.pointee.data.0, let u = raw.pointee.data.1,
            let v = raw.pointee.data.2
        else { return }
        for row in Int(y) - size / 2..<Int(y) - size / 2 + size where row >= 0 && row < height {
            for column in Int(x) - size / 2..<Int(x) - size / 2 + size where column >= 0 && column < width {
                luma[row * Int(raw.pointee.linesize.0) + column] = colour.y
                u[row / 2 * Int(raw.pointee.linesize.1) + column / 2] = colour.u
                v[row / 2 * Int(raw.pointee.linesize.2) + column / 2] = colour.v
            }
        }
    }
}
