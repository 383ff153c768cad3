internal import CFFmpeg

/// How the pictures of a file are to be rotated and mirrored for display: a telephone held upright stores them
/// sideways.
struct Orientation: Equatable {
    /// Stored columns are displayed rows.
    let isTransposed: Bool
    /// In the display: right to left, bottom to top.
    let isMirrored: Bool
    let isUpsideDown: Bool

    /// - Parameter matrix: nine numbers as in libavutil/display.h: x′ = a·x + c·y, y′ = b·x + d·y with a, b at 0, 1 and c, d
    ///   at 3, 4. Nil where that is neither a quarter turn nor a mirror image of one.
    init?(matrix: [Int32]) {
        guard matrix.count == 9 else { return nil }
        let (a, b, c, d) = (Double(matrix[0]), Double(matrix[1]), Double(matrix[3]), Double(matrix[4]))
        // The sine of half a degree.
        let share = 0.009
        if abs(b) <= share * abs(a), abs(c) <= share * abs(d) {
            (isTransposed, isMirrored, isUpsideDown) = (false, a < 0, d < 0)
        } else if abs(a) <= share * abs(b), abs(d) <= share * abs(c) {
            (isTransposed, isMirrored, isUpsideDown) = (true, c < 0, b < 0)
        } else {
            return nil
        }
    }

    var isUpright: Bool { !isTransposed && !isMirrored && !isUpsideDown }

    /// A new, rotated picture; the caller frees it. Throws where the planes of its pixel format cannot be rotated
    /// individually.
    func turned(_ raw: UnsafeMutablePointer<AVFrame>) throws(FFmpegError) -> UnsafeMutablePointer<AVFrame> {
        let stated = AVPixelFormat(rawValue: raw.pointee.format)
        let name = av_get_pix_fmt_name(stated).map { String(cString: $0) } ?? "an unknown format"
        let fault = FFmpegError(operation: "turn a picture in \(name)", code: ffAVERROR_INVALIDDATA)
        let format = isTransposed ? Self.transposed[stated] ?? stated : stated
        guard let source = Self.planes(of: stated), let target = Self.planes(of: format),
            source.count == target.count,
            !isTransposed || zip(source, target).allSatisfy({ $0.shiftX == $1.shiftY && $0.shiftY == $1.shiftX })
        else { throw fault }
        var result = av_frame_alloc()
        var isDone = false
        defer { if !isDone { av_frame_free(&result) } }
        guard let result else { throw fault }
        let (width, height) = (raw.pointee.width, raw.pointee.height)
        result.pointee.format = format.rawValue
        result.pointee.width = isTransposed ? height : width
        result.pointee.height = isTransposed ? width : height
        try FFmpegError.check(av_frame_get_buffer(result, 0), "allocate a picture")
        try FFmpegError.check(av_frame_copy_props(result, raw), "copy a picture")
        for (index, plane) in source.enumerated() {
            guard let from = Self.start(raw, index), let to = Self.start(result, index) else { throw fault }
            let size = (
                (Int(width) + (1 << plane.shiftX) - 1) >> plane.shiftX,
                (Int(height) + (1 << plane.shiftY) - 1) >> plane.shiftY
            )
            plane.bytes == 1
                ? turn(from, to, size, as: UInt8.self) : turn(from, to, size, as: UInt16.self)
        }
        isDone = true
        return result
    }

    private typealias Lines = (data: UnsafeMutablePointer<UInt8>, stride: Int)

    /// - Parameter size: of the stored plane, in samples.
    private func turn<Sample>(_ from: Lines, _ to: Lines, _ size: (width: Int, height: Int), as: Sample.Type) {
        let (columns, rows) = isTransposed ? (size.height, size.width) : size
        let source = UnsafeRawPointer(from.data)
        let step = MemoryLayout<Sample>.stride
        // Bytes in the stored plane from one displayed sample to the next, and from one displayed row to the next.
        let (right, down) = isTransposed ? (from.stride, step) : (step, from.stride)
        for row in 0..<rows {
            let line = source + (isUpsideDown ? rows - 1 - row : row) * down
            let target = UnsafeMutableRawPointer(to.data + row * to.stride).assumingMemoryBound(to: Sample.self)
            for column in 0..<columns {
                let sample = line + (isMirrored ? columns - 1 - column : column) * right
                target[column] = sample.load(as: Sample.self)
            }
        }
    }

    private struct Plane {
        let bytes: Int
        let shiftX: Int
        let shiftY: Int
    }

    /// Nil for a plane with anything but consecutive samples of one or two bytes.
    private static func planes(of format: AVPixelFormat) -> [Plane]? {
        guard let shape = av_pix_fmt_desc_get(format)?.pointee,
            shape.flags & UInt64(AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM) == 0
        else { return nil }
        let components = [shape.comp.0, shape.comp.1, shape.comp.2, shape.comp.3].prefix(Int(shape.nb_components))
        var planes = [Plane?](repeating: nil, count: components.count)
        for (index, component) in components.enumerated() {
            let place = Int(component.plane)
            guard planes.indices.contains(place), planes[place] == nil,
                component.step == (component.depth + 7) / 8, component.step <= 2
            else { return nil }
            let isChroma = shape.flags & UInt64(AV_PIX_FMT_FLAG_RGB) == 0 && (index == 1 || index == 2)
            planes[place] = Plane(
                bytes: Int(component.step), shiftX: isChroma ? Int(shape.log2_chroma_w) : 0,
                shiftY: isChroma ? Int(shape.log2_chroma_h) : 0)
        }
        return planes.compactMap(\.self)
    }

    private static func start(_ raw: UnsafeMutablePointer<AVFrame>, _ plane: Int) -> Lines? {
        let (data, strides) = (raw.pointee.data, raw.pointee.linesize)
        let all = [
            (data.0, strides.0), (data.1, strides.1), (data.2, strides.2), (data.3, strides.3),
        ]
        return all[plane].0.map { ($0, Int(all[plane].1)) }
    }

    /// Formats with chroma for two horizontal or vertical pixels, and their transposed forms.
    private static let transposed = [
        AV_PIX_FMT_YUV422P: AV_PIX_FMT_YUV440P, AV_PIX_FMT_YUV440P: AV_PIX_FMT_YUV422P,
        AV_PIX_FMT_YUVJ422P: AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUVJ440P: AV_PIX_FMT_YUVJ422P,
        AV_PIX_FMT_YUV422P10LE: AV_PIX_FMT_YUV440P10LE, AV_PIX_FMT_YUV440P10LE: AV_PIX_FMT_YUV422P10LE,
    ]
}
