public import Analytics
internal import CFFmpeg
public import Domain
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
        public static let black = Colour(y: 0, u: 128, v: 128)
        public static let white = Colour(y: 255, u: 128, v: 128)
    }

    let raw: UnsafeMutablePointer<AVFrame>
    /// Square pixels, both even.
    public var width: Int { Int(raw.pointee.width) }
    public var height: Int { Int(raw.pointee.height) }

    /// Copies `part` of a frame (or all of it) at full resolution, with square pixels.
    public init(_ frame: Frame, part: Box? = nil) throws {
        try self.init(copying: frame.raw, part: part ?? .whole)
    }

    /// Copies `part` of another canvas.
    public init(_ canvas: borrowing Canvas, part: Box) throws { try self.init(copying: canvas.raw, part: part) }

    /// Copies the whole of a frame, shrunk where it is wider than so many pixels.
    public init(_ frame: Frame, width most: Int) throws {
        try self.init(copying: frame.raw, part: .whole, width: most)
    }

    /// Copies the whole of another canvas, shrunk where it is wider than so many pixels.
    public init(_ canvas: borrowing Canvas, width most: Int) throws {
        try self.init(copying: canvas.raw, part: .whole, width: most)
    }

    /// A plain area; width and height in pixels, made even.
    public init(width: Int, height: Int, _ colour: Colour = .black) throws {
        guard width >= 2, height >= 2 else {
            throw FFmpegError(operation: "make a picture of \(width)x\(height)", code: ffAVERROR_INVALIDDATA)
        }
        raw = try Self.allocate(width: width & ~1, height: height & ~1)
        fill(PixelBox(x: 0, y: 0, width: self.width, height: self.height), colour)
    }

    private static func allocate(width: Int, height: Int) throws -> UnsafeMutablePointer<AVFrame> {
        guard let target = av_frame_alloc() else {
            throw FFmpegError(operation: "allocate a picture", code: ffAVERROR_INVALIDDATA)
        }
        target.pointee.format = AV_PIX_FMT_YUVJ420P.rawValue
        target.pointee.width = Int32(width)
        target.pointee.height = Int32(height)
        do { try FFmpegError.check(av_frame_get_buffer(target, 0), "allocate a picture") } catch {
            var unused: UnsafeMutablePointer<AVFrame>? = target
            av_frame_free(&unused)
            throw error
        }
        return target
    }

    private init(copying source: UnsafeMutablePointer<AVFrame>, part: Box, width most: Int = .max) throws {
        let whole = try Frame.cut(part, of: source)
        var cropped: UnsafeMutablePointer<AVFrame>? = whole
        defer { av_frame_free(&cropped) }
        var (width, height) = PictureShape.shown(
            Int(whole.pointee.width), Int(whole.pointee.height), PixelAspect(whole.pointee.sample_aspect_ratio))
        if width > most { (width, height) = (most, height * most / width) }
        let target = try Self.allocate(width: max(2, width & ~1), height: max(2, height & ~1))
        var done = false
        var unfinished: UnsafeMutablePointer<AVFrame>? = target
        defer { if !done { av_frame_free(&unfinished) } }
        let conversion = try Conversion(
            from: Conversion.Source(whole),
            to: (Int(target.pointee.width), Int(target.pointee.height), AV_PIX_FMT_YUV420P), matrix: Conversion.jpeg)
        let (data, lines) = (target.pointee.data, target.pointee.linesize)
        try conversion.run(
            whole, into: [data.0, data.1, data.2, data.3], [lines.0, lines.1, lines.2, lines.3])
        done = true
        raw = target
    }

    deinit {
        var pointer: UnsafeMutablePointer<AVFrame>? = raw
        av_frame_free(&pointer)
    }

    /// The same picture as a frame, for who keeps it; what is drawn on this canvas later is drawn there too.
    func frame(time: MediaTime, date: Date) throws -> Frame {
        guard let shared = av_frame_clone(raw) else {
            throw FFmpegError(operation: "copy a picture", code: ffAVERROR_INVALIDDATA)
        }
        shared.pointee.colorspace = Conversion.jpeg
        return Frame(taking: shared, time: time, date: date)
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

    /// Makes a box unreadable: replaces all of it by a single colour, its mean.
    ///
    /// Enlarged to whole squares of two pixels, so that no chroma of the inside is left.
    public func obscure(_ box: Box) {
        var area = PixelBox(box, width: width, height: height)
        area = PixelBox(
            x: area.x & ~1, y: area.y & ~1, width: (area.width + (area.x & 1) + 1) & ~1,
            height: (area.height + (area.y & 1) + 1) & ~1
        ).cut(width: width, height: height)
        guard area.width > 0, area.height > 0 else { return }
        fill(area, mean(of: area))
    }

    /// Standard deviation of the luma of an area, 0…127.
    public func contrast(of area: PixelBox) -> Double {
        let area = area.cut(width: width, height: height)
        guard let plane = plane(0), area.width > 0, area.height > 0 else { return 0 }
        var (sum, squares) = (0, 0)
        for row in area.y..<area.y + area.height {
            for column in area.x..<area.x + area.width {
                let value = Int(plane.start[row * plane.stride + column])
                sum += value
                squares += value * value
            }
        }
        let count = Double(area.width * area.height)
        let mean = Double(sum) / count
        return max(0, Double(squares) / count - mean * mean).squareRoot()
    }

    /// Blends text into the picture: `coverage` of 0…255 is the weight of the colour, row by row.
    public func stamp(_ coverage: GreyImage, x: Int, y: Int, _ colour: Colour = .white) {
        guard let luma = raw.pointee.data.0 else { return }
        for row in 0..<coverage.height where y + row >= 0 && y + row < height {
            for column in 0..<coverage.width where x + column >= 0 && x + column < width {
                let share = Int(coverage.pixels[row * coverage.width + column])
                let index = (y + row) * Int(raw.pointee.linesize.0) + x + column
                luma[index] = UInt8((Int(luma[index]) * (255 - share) + Int(colour.y) * share) / 255)
            }
        }
    }

    /// Copies another canvas into this one at the given top left corner; cut at the edge.
    public func place(_ other: borrowing Canvas, x: Int, y: Int) {
        let (x, y) = (x & ~1, y & ~1)
        copyPlane(0, from: other, x: x, y: y, shift: 0)
        copyPlane(1, from: other, x: x / 2, y: y / 2, shift: 1)
        copyPlane(2, from: other, x: x / 2, y: y / 2, shift: 1)
    }

    private func copyPlane(_ index: Int, from other: borrowing Canvas, x: Int, y: Int, shift: Int) {
        guard let target = plane(index), let source = other.plane(index), x >= 0, y >= 0 else { return }
        let columns = min(other.width >> shift, (width >> shift) - x)
        let rows = min(other.height >> shift, (height >> shift) - y)
        guard columns > 0, rows > 0 else { return }
        for row in 0..<rows {
            (target.start + (y + row) * target.stride + x).update(
                from: source.start + row * source.stride, count: columns)
        }
    }

    private func plane(_ index: Int) -> (start: UnsafeMutablePointer<UInt8>, stride: Int)? {
        let (data, lines) = (raw.pointee.data, raw.pointee.linesize)
        let start = index == 0 ? data.0 : index == 1 ? data.1 : data.2
        let stride = index == 0 ? lines.0 : index == 1 ? lines.1 : lines.2
        return start.map { ($0, Int(stride)) }
    }

    /// `area` begins and ends between squares of two pixels.
    private func fill(_ area: PixelBox, _ colour: Colour) {
        for (index, value) in [colour.y, colour.u, colour.v].enumerated() {
            guard let plane = plane(index) else { continue }
            let shift = index == 0 ? 0 : 1
            for row in area.y >> shift..<(area.y + area.height) >> shift {
                (plane.start + (row * plane.stride + (area.x >> shift))).update(
                    repeating: value, count: area.width >> shift)
            }
        }
    }

    private func mean(of area: PixelBox) -> Colour {
        let means = (0..<3).map { index -> UInt8 in
            guard let plane = plane(index) else { return 128 }
            let shift = index == 0 ? 0 : 1
            var sum = 0
            for row in area.y >> shift..<(area.y + area.height) >> shift {
                for column in area.x >> shift..<(area.x + area.width) >> shift {
                    sum += Int(plane.start[row * plane.stride + column])
                }
            }
            return UInt8(sum / max(1, (area.width >> shift) * (area.height >> shift)))
        }
        return Colour(y: means[0], u: means[1], v: means[2])
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
