internal import CFFmpeg
public import Domain
public import Foundation

/// One decoded picture with its time. Holds a reference to libav's buffers, not a copy.
// @unchecked: written by the decoder before it is handed out, only read afterwards.
public final class Frame: @unchecked Sendable {
    let raw: UnsafeMutablePointer<AVFrame>
    /// Its size, and the origin of its pixel shape.
    public let shape: PictureShape
    /// What an operator should know about its stream.
    public let remarks: [String]
    /// On the camera's timeline.
    public let time: MediaTime
    /// When it was taken, by the camera's clock where RTCP carries it and it is not far off, otherwise by ours at its
    /// arrival.
    public let date: Date
    /// Taken between two looks, during a burst.
    public let isBurstFrame: Bool
    /// True where `date` is from the camera's clock.
    public let isDatedByCamera: Bool
    /// The key frames since the look before; nil where there are none, and where pictures have to be turned.
    public let past: PastPictures?
    /// The place in the schedule of looks that it holds; nil where it has none.
    private let turn: LookTurn?
    /// What it was decoded of, for who keeps it: it was decoded hastily, to be looked at. Nil where it is whole as it is.
    public let key: KeyPicture?
    /// All clocks at its arrival; nil for a recording.
    public let moment: ClockMoment?
    /// The camera's clock minus ours, in seconds; nil where RTCP does not carry it.
    public var clockOffset: Double? { moment?.offset }

    /// A camera clock that is further off was never set: seconds.
    private static let farOff = 60.0

    /// Takes ownership of `raw`.
    ///
    /// - Parameters: shape and remarks from the source; nil uses those of `raw`.
    init(
        taking raw: UnsafeMutablePointer<AVFrame>, time: MediaTime, date: Date, isBurstFrame: Bool = false,
        shape: PictureShape? = nil, remarks: [String] = [], past: PastPictures? = nil, key: KeyPicture? = nil
    ) {
        self.raw = raw
        (self.past, self.key) = (past, key)
        turn = nil
        self.shape = shape ?? PictureShape(raw)
        self.remarks = remarks
        Self.stateMatrix(raw)
        self.isBurstFrame = isBurstFrame
        self.time = time
        self.date = date
        isDatedByCamera = false
        moment = nil
    }

    /// Takes ownership of `raw`.
    init(
        taking raw: UnsafeMutablePointer<AVFrame>, time: MediaTime, moment: ClockMoment, isBurstFrame: Bool = false,
        shape: PictureShape? = nil, remarks: [String] = [], past: PastPictures? = nil, key: KeyPicture? = nil,
        turn: LookTurn? = nil
    ) {
        self.raw = raw
        (self.past, self.key) = (past, key)
        self.turn = turn
        self.shape = shape ?? PictureShape(raw)
        self.remarks = remarks
        Self.stateMatrix(raw)
        self.isBurstFrame = isBurstFrame
        self.time = time
        self.moment = moment
        isDatedByCamera = moment.offset.map { abs($0) <= Self.farOff } ?? false
        date = isDatedByCamera ? moment.camera ?? moment.system : moment.system
    }

    /// A picture from its planes in 4:4:4, `width` × `height` bytes each, 0…255: luma, blue and red difference.
    /// Throws where the planes have another size.
    public convenience init(
        planes: [[UInt8]], width: Int, height: Int, time: MediaTime, date: Date, isBurstFrame: Bool = false
    ) throws {
        guard planes.count == 3, planes.allSatisfy({ $0.count == width * height }), width > 0, height > 0,
            let frame = av_frame_alloc()
        else { throw FFmpegError(operation: "take planes for a picture", code: ffAVERROR_INVALIDDATA) }
        frame.pointee.format = AV_PIX_FMT_YUVJ444P.rawValue
        frame.pointee.width = Int32(width)
        frame.pointee.height = Int32(height)
        frame.pointee.colorspace = Conversion.jpeg
        self.init(taking: frame, time: time, date: date, isBurstFrame: isBurstFrame)
        try FFmpegError.check(av_frame_get_buffer(frame, 0), "allocate a picture")
        let targets = [
            (frame.pointee.data.0, frame.pointee.linesize.0), (frame.pointee.data.1, frame.pointee.linesize.1),
            (frame.pointee.data.2, frame.pointee.linesize.2),
        ]
        for (plane, (target, stride)) in zip(planes, targets) {
            for y in 0..<height {
                plane.withUnsafeBufferPointer { source in
                    guard let target, let start = source.baseAddress else { return }
                    target.advanced(by: y * Int(stride)).update(from: start + y * width, count: width)
                }
            }
        }
    }

    /// Its look has ended: another camera's may begin.
    public func finishLook() { turn?.end() }

    deinit {
        var pointer: UnsafeMutablePointer<AVFrame>? = raw
        av_frame_free(&pointer)
    }

    /// Size with square pixels, as displayed.
    public var width: Int { shape.width }
    public var height: Int { shape.height }
    public var isKeyFrame: Bool { ffIsKeyFrame(raw) != 0 }
    /// Bytes of its planes, as they are stored.
    package var bytes: Int {
        let format = AVPixelFormat(rawValue: raw.pointee.format)
        return max(0, Int(av_image_get_buffer_size(format, raw.pointee.width, raw.pointee.height, 1)))
    }

    /// The same picture in whole quality, for who keeps it: this one, or one that is decoded now. Blocking: some 35 ms for
    /// 1080p.
    public func whole() throws -> Frame { try key?.frame(date: date) ?? self }

    /// A copy of it in square pixels that is at most so many pixels wide: for who waits with it, without the decoder's buffers.
    /// Some 5 ms for 1080p.
    public func shrunk(toWidth most: Int) throws -> Frame {
        try Canvas(self, width: most).frame(time: time, date: date)
    }

    /// While its size is still that of the whole: a part of it is smaller.
    private static func stateMatrix(_ raw: UnsafeMutablePointer<AVFrame>) {
        guard raw.pointee.colorspace == AVCOL_SPC_UNSPECIFIED else { return }
        raw.pointee.colorspace = Conversion.usualMatrix(width: raw.pointee.width, height: raw.pointee.height)
    }

    /// `part` of the picture, sharing its buffers. At least 16 stored pixels a side where the picture has them; begins
    /// and ends at even pixels, since chroma is stored for squares of two.
    public func part(_ part: Box) throws -> Frame {
        let cut = try Self.cut(part, of: raw)
        return moment.map { Frame(taking: cut, time: time, moment: $0) } ?? Frame(taking: cut, time: time, date: date)
    }

    /// The same for a libav picture; the caller frees it.
    static func cut(_ part: Box, of raw: UnsafeMutablePointer<AVFrame>) throws -> UnsafeMutablePointer<AVFrame> {
        let (width, height) = (Int(raw.pointee.width), Int(raw.pointee.height))
        let x = min(Int(max(0, part.x) * Double(width)), max(0, width - 16)) & ~1
        let y = min(Int(max(0, part.y) * Double(height)), max(0, height - 16)) & ~1
        let partWidth = max(2, min(width - x, max(16, Int(part.width * Double(width)))) & ~1)
        let partHeight = max(2, min(height - y, max(16, Int(part.height * Double(height)))) & ~1)
        guard let clone = av_frame_clone(raw) else {
            throw FFmpegError(operation: "copy a picture", code: ffAVERROR_INVALIDDATA)
        }
        clone.pointee.crop_left = x
        clone.pointee.crop_top = y
        clone.pointee.crop_right = max(0, width - x - partWidth)
        clone.pointee.crop_bottom = max(0, height - y - partHeight)
        do {
            try FFmpegError.check(av_frame_apply_cropping(clone, Int32(AV_FRAME_CROP_UNALIGNED)), "crop a picture")
        } catch {
            var unused: UnsafeMutablePointer<AVFrame>? = clone
            av_frame_free(&unused)
            throw error
        }
        return clone
    }
}

/// Hands out the newest picture only, without losing looks: after a burst frame has replaced a look that was not taken
/// yet, the next one is a look.
struct LatestFrame: Sendable {
    let frames: AsyncStream<Frame>
    private let continuation: AsyncStream<Frame>.Continuation
    private var owesLook = false

    init() {
        (frames, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Returns false where an older picture was replaced before it was taken.
    mutating func put(isBurstFrame: Bool, _ frame: (_ isBurstFrame: Bool) -> Frame) -> Bool {
        guard case .dropped(let lost) = continuation.yield(frame(isBurstFrame && !owesLook)) else {
            owesLook = false
            return true
        }
        owesLook = !lost.isBurstFrame
        return false
    }

    func finish() { continuation.finish() }
}
