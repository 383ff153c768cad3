internal import CFFmpeg

enum DecodingDevice: String, Sendable, CaseIterable {
    case vaapi
    case v4l2m2m

    /// How many pictures a decoder of it keeps in memory, at most.
    var pictures: Int {
        switch self {
        case .vaapi: VAAPIDecoder.surfaces
        case .v4l2m2m: V4L2Decoder.buffers
        }
    }
}

/// A decoder of a device: a key frame in, its picture in ordinary memory out. Blocking; one owner at a time.
protocol DeviceDecoder: AnyObject, Sendable {
    /// False where a packet is none for it, which is no fault.
    func takes(_ packet: UnsafePointer<AVPacket>) -> Bool

    /// Decodes a key frame that nothing follows, and forgets it.
    ///
    /// - Parameter picture: empty; afterwards in one of the formats of software, with memory of its own.
    func decode(
        _ packet: UnsafeMutablePointer<AVPacket>, into picture: UnsafeMutablePointer<AVFrame>
    ) throws(FFmpegError)
}

extension DeviceDecoder {
    func takes(_ packet: UnsafePointer<AVPacket>) -> Bool { true }
}

/// Why a device does not decode.
struct DeviceRefusal: Error {
    let reason: String
    /// No stream, not only this one.
    var isForAll = false
}
