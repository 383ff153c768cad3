public import Analytics
internal import CFFmpeg
public import Foundation

/// One decoded picture with its time. Owns a reference to libav's buffers, not a copy.
// @unchecked: written by the decoder before it is handed out, only read afterwards.
public final class Frame: @unchecked Sendable {
    let raw: UnsafeMutablePointer<AVFrame>
    /// On the camera's timeline.
    public let time: MediaTime
    /// When it was taken, by the camera's clock where RTCP gives it and it is not far off, else by ours at its arrival.
    public let date: Date
    /// True where `date` is by the camera's clock.
    public let isDatedByCamera: Bool
    /// All clocks at its arrival; nil for a recording.
    public let moment: ClockMoment?
    /// The camera's clock minus ours, in seconds; nil where RTCP does not tell it.
    public var clockOffset: Double? { moment?.offset }

    /// A camera whose clock is further off than this was never set: seconds.
    private static let farOff = 60.0

    /// Takes over `raw`.
    init(taking raw: UnsafeMutablePointer<AVFrame>, time: MediaTime, date: Date) {
        self.raw = raw
        self.time = time
        self.date = date
        isDatedByCamera = false
        moment = nil
    }

    /// Takes over `raw`.
    init(taking raw: UnsafeMutablePointer<AVFrame>, time: MediaTime, moment: ClockMoment) {
        self.raw = raw
        self.time = time
        self.moment = moment
        isDatedByCamera = moment.offset.map { abs($0) <= Self.farOff } ?? false
        date = isDatedByCamera ? moment.camera ?? moment.system : moment.system
    }

    deinit {
        var pointer: UnsafeMutablePointer<AVFrame>? = raw
        av_frame_free(&pointer)
    }

    /// Pixels.
    public var width: Int { Int(raw.pointee.width) }
    public var height: Int { Int(raw.pointee.height) }
    public var isKeyFrame: Bool { ffIsKeyFrame(raw) != 0 }
}
