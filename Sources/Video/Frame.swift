public import Analytics
internal import CFFmpeg
public import Foundation

/// One decoded picture with its time. Owns a reference to libav's buffers, not a copy.
// @unchecked: written by the decoder before it is handed out, only read afterwards.
public final class Frame: @unchecked Sendable {
    let raw: UnsafeMutablePointer<AVFrame>
    /// On the camera's timeline.
    public let time: MediaTime
    /// When it was taken, by the camera's clock where RTCP gives it, else by ours at its arrival.
    public let date: Date
    /// The camera's clock minus ours, in seconds, by its RTCP reports; nil where `date` is by our clock.
    public let clockOffset: Double?

    /// Takes over `raw`.
    init(taking raw: UnsafeMutablePointer<AVFrame>, time: MediaTime, date: Date, clockOffset: Double? = nil) {
        self.raw = raw
        self.time = time
        self.date = date
        self.clockOffset = clockOffset
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
