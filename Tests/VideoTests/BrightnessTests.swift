import Analytics
import CFFmpeg
import Domain
import Foundation
import TestSupport
import Testing

@testable import Video

/// The same colour in every format, range and matrix looks the same.
@Suite(.heavy) struct BrightnessTests {
    private struct Matrix {
        let space: AVColorSpace
        let red: Double
        let blue: Double

        /// Luma 0…1 and both differences -0.5…0.5 of a colour 0…1 (ITU-T H.273, 8.3).
        func parts(_ colour: [Double]) -> [Double] {
            let luma = red * colour[0] + (1 - red - blue) * colour[1] + blue * colour[2]
            return [luma, (colour[2] - luma) / (2 * (1 - blue)), (colour[0] - luma) / (2 * (1 - red))]
        }

        static let all = [
            Matrix(space: AVCOL_SPC_BT470BG, red: 0.299, blue: 0.114),
            Matrix(space: AVCOL_SPC_SMPTE170M, red: 0.299, blue: 0.114),
            Matrix(space: AVCOL_SPC_BT709, red: 0.2126, blue: 0.0722),
            Matrix(space: AVCOL_SPC_BT2020_NCL, red: 0.2627, blue: 0.0593),
        ]
        static let jpeg = all[0]
    }

    private static let formats = [
        AV_PIX_FMT_GRAY8, AV_PIX_FMT_GRAY10LE, AV_PIX_FMT_GRAY12LE, AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUV422P,
        AV_PIX_FMT_YUV444P, AV_PIX_FMT_YUV440P, AV_PIX_FMT_YUV420P10LE, AV_PIX_FMT_YUV422P10LE, AV_PIX_FMT_YUV444P10LE,
        AV_PIX_FMT_YUV420P12LE, AV_PIX_FMT_NV12, AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P,
    ]
    private static let colours: [[Double]] = [
        [255, 255, 255], [0, 0, 0], [128, 128, 128], [200, 60, 40], [30, 160, 60], [40, 60, 210], [250, 240, 20],
    ].map { $0.map { $0 / 255 } }

    /// A plain picture of one colour, as a decoder would give it.
    private func frame(
        _ format: AVPixelFormat, _ range: AVColorRange, _ space: AVColorSpace, _ parts: [Double],
        width: Int32 = 64, height: Int32 = 48
    ) throws -> Frame {
        let shape = try #require(av_pix_fmt_desc_get(format)).pointee
        let raw = try #require(av_frame_alloc())
        (raw.pointee.format, raw.pointee.width, raw.pointee.height) = (format.rawValue, width, height)
        (raw.pointee.color_range, raw.pointee.colorspace) = (range, space)
        try FFmpegError.check(av_frame_get_buffer(raw, 0), "allocate a picture")
        let planes = [raw.pointee.data.0, raw.pointee.data.1, raw.pointee.data.2]
        let lines = [raw.pointee.linesize.0, raw.pointee.linesize.1, raw.pointee.linesize.2]
        let components = [shape.comp.0, shape.comp.1, shape.comp.2].prefix(Int(shape.nb_components))
        for (index, component) in components.enumerated() {
            let scale = Double(1 << (component.depth - 8))
            let most = Double(1 << component.depth) - 1
            let value =
                range == AVCOL_RANGE_JPEG
                ? parts[index] * most + (index == 0 ? 0 : 128 * scale)
                : (parts[index] * (index == 0 ? 219 : 224) + (index == 0 ? 16 : 128)) * scale
            let sample = UInt16(max(0, min(most, value.rounded())))
            let (shiftX, shiftY) = index == 0 ? (0, 0) : (Int(shape.log2_chroma_w), Int(shape.log2_chroma_h))
            let start = try #require(planes[Int(component.plane)]) + Int(component.offset)
            for row in 0..<(Int(height) + (1 << shiftY) - 1) >> shiftY {
                for column in 0..<(Int(width) + (1 << shiftX) - 1) >> shiftX {
                    let place = start + row * Int(lines[Int(component.plane)]) + column * Int(component.step)
                    if component.depth > 8 {
                        UnsafeMutableRawPointer(place).storeBytes(of: sample, as: UInt16.self)
                    } else {
                        place.pointee = UInt8(sample)
                    }
                }
            }
        }
        return Frame(taking: raw, time: MediaTime(0), date: .distantPast)
    }

    private func middle(_ frame: Frame, _ format: Scaler.Format, _ width: Int, _ height: Int) throws -> [Double] {
        var scaler = Scaler(width: width, height: height, format: format)
        return try scaler.scale(frame) { pixels in
            let at = height / 2 * width + width / 2
            switch format {
            case .rgb: return (0..<3).map { Double(pixels[at * 3 + $0]) }
            case .grey: return [Double(pixels[at])]
            case .planes: return (0..<3).map { Double(pixels[$0 * width * height + at]) }
            }
        }
    }

    private func distance(_ a: [Double], _ b: [Double]) -> Double {
        zip(a, b).map { abs($0 - max(0, min(255, $1))) }.max() ?? .infinity
    }

    /// 8-bit levels of luma and colour differences in full range.
    private func levels(_ parts: [Double]) -> [Double] {
        [parts[0] * 255, parts[1] * 255 + 128, parts[2] * 255 + 128]
    }

    @Test(arguments: formats.indices) func `every format, range and matrix gives the same colours`(index: Int) throws {
        let format = Self.formats[index]
        let name = String(cString: try #require(av_get_pix_fmt_name(format)))
        let isGrey = name.hasPrefix("gray")
        for range in name.hasPrefix("yuvj") ? [AVCOL_RANGE_JPEG] : [AVCOL_RANGE_MPEG, AVCOL_RANGE_JPEG] {
            for matrix in Matrix.all {
                for colour in Self.colours {
                    let parts = isGrey ? [matrix.parts(colour)[0], 0, 0] : matrix.parts(colour)
                    let shown = isGrey ? [Double](repeating: parts[0], count: 3) : colour
                    let frame = try frame(format, range, matrix.space, parts)
                    let place = "\(name), range \(range.rawValue), matrix \(matrix.space.rawValue), \(colour)"
                    // As large as it is, smaller and larger: libswscale has a way of its own for each.
                    for (width, height) in [(64, 48), (32, 24), (90, 60)] {
                        // libswscale's fast way to RGB rounds by up to five levels in strong colours.
                        let rgb = try middle(frame, .rgb, width, height)
                        #expect(distance(rgb, shown.map { $0 * 255 }) <= 5, "\(place): \(rgb) at \(width)")
                        let grey = try middle(frame, .grey, width, height)
                        #expect(distance(grey, [parts[0] * 255]) <= 2, "\(place): \(grey) at \(width)")
                        let planes = try middle(frame, .planes, width, height)
                        #expect(distance(planes, levels(parts)) <= 2, "\(place): \(planes) at \(width)")
                    }
                    // Evidence is JPEG, which has one matrix.
                    let expected = levels(isGrey ? parts : Matrix.jpeg.parts(colour))
                    let kept = try middle(JPEG.decode(JPEG.encode(frame, quality: 2)), .planes, 64, 48)
                    #expect(distance(kept, expected) <= 4, "\(place): \(kept) in evidence")
                    let picture = try ColourPicture(Canvas(frame))
                    let at = (24 * 64 + 32) * 3
                    let searched = picture.pixels[at..<at + 3].map(Double.init)
                    #expect(
                        distance(searched, shown.map { $0 * 255 }) <= 6, "\(place): \(searched) in what is searched")
                }
            }
        }
    }

    @Test(arguments: [(640, 480, 0), (720, 576, 0), (1280, 720, 2), (1920, 1080, 2)])
    func `an unstated matrix is the one that is usual at the size, in parts of the picture too`(
        width: Int32, height: Int32, index: Int
    ) throws {
        let colour = Self.colours[3]
        let whole = try frame(
            AV_PIX_FMT_YUV420P, AVCOL_RANGE_MPEG, AVCOL_SPC_UNSPECIFIED, Matrix.all[index].parts(colour), width: width,
            height: height)
        let part = try whole.part(Box(x: 0.5, y: 0.5, width: 0.1, height: 0.1))
        for frame in [whole, part] {
            let rgb = try middle(frame, .rgb, 32, 24)
            #expect(distance(rgb, colour.map { $0 * 255 }) <= 5, "\(rgb)")
        }
    }
}
