internal import CFFmpeg

/// A device's decoder for one stream, which is not believed before software has made the same.
///
/// Software decodes as well: the first picture, one of another size than the one before, and what the device fails at. So no picture is
/// lost by a device that fails, and one that decodes wrongly, such as in another size or without colours, is found out at its first
/// picture. A device that has not failed in software's eyes, because the picture is not whole there either, stays.
// @unchecked: one owner at a time.
final class DeviceSession: @unchecked Sendable {
    private enum Answer {
        case none
        case believed
        case doubted
        case failed(String)
    }

    private let device: DecodingDevice
    private let decoder: any DeviceDecoder
    private let announcement: StreamAnnouncement
    private let devices: DecodingDevices
    private let room: DeviceRoom
    /// What the device has made of the newest packet.
    private var picture = av_frame_alloc()
    private var answer = Answer.none
    private var known: PictureTraits?

    init(
        _ device: DecodingDevice, _ decoder: any DeviceDecoder, _ announcement: StreamAnnouncement,
        _ devices: DecodingDevices, _ room: DeviceRoom
    ) {
        self.device = device
        self.decoder = decoder
        self.announcement = announcement
        self.devices = devices
        self.room = room
    }

    deinit { av_frame_free(&picture) }

    /// It could not decode the newest packet.
    var hasFailed: Bool { if case .failed = answer { true } else { false } }

    /// Decodes a key frame on its own: true where `take` has its picture, false where software is to decode it.
    func decode(_ packet: UnsafeMutablePointer<AVPacket>) -> Bool {
        forget()
        guard let picture, decoder.takes(packet) else { return false }
        do throws(FFmpegError) { try decoder.decode(packet, into: picture) } catch {
            answer = .failed("\(error)")
            return false
        }
        guard !ffIsDamaged(picture) else {
            answer = .failed("it gives pictures that are not whole")
            return false
        }
        let (pts, dts) = (packet.pointee.pts, packet.pointee.dts)
        picture.pointee.best_effort_timestamp = pts != ffNOPTS ? pts : dts
        guard let known, known.isSize(of: picture) else {
            answer = .doubted
            return false
        }
        known.state(in: picture)
        answer = .believed
        return true
    }

    /// Moves the picture of the newest packet; false where there is none that is believed.
    func take(into target: UnsafeMutablePointer<AVFrame>) -> Bool {
        guard case .believed = answer, let picture else { return false }
        av_frame_unref(target)
        av_frame_move_ref(target, picture)
        answer = .none
        return true
    }

    /// Holds what the device has made of the newest packet against the whole picture that software has made of it. False where the
    /// device is not asked for such a stream any more.
    func stands(beside whole: UnsafePointer<AVFrame>) -> Bool {
        defer { forget() }
        switch answer {
        case .none, .believed: return true
        case .failed(let reason):
            devices.refuse(DeviceRefusal(reason: reason), device, announcement)
            return false
        case .doubted:
            guard let picture else { return true }
            let traits = PictureTraits(whole)
            traits.state(in: picture)
            if let difference = traits.difference(picture, whole) {
                devices.refuse(DeviceRefusal(reason: difference), device, announcement)
                return false
            }
            known = traits
            devices.praise(device)
            return true
        }
    }

    /// The newest packet is nobody's any more.
    func forget() {
        answer = .none
        if let picture { av_frame_unref(picture) }
    }
}

/// What software says of the pictures of a stream: devices know less of it.
private struct PictureTraits {
    private let width: Int32
    private let height: Int32
    private let isInterlaced: Bool
    private let range: AVColorRange
    private let primaries: AVColorPrimaries
    private let transfer: AVColorTransferCharacteristic
    private let matrix: AVColorSpace
    private let chroma: AVChromaLocation
    private let aspect: AVRational

    /// Levels of 255 by which two pictures may differ, on the mean: what ten bits lose on another way to eight is one.
    private static let tolerance = 3.0
    /// In which they are compared, in pixels.
    private static let sketch = (width: 64, height: 36)

    init(_ raw: UnsafePointer<AVFrame>) {
        (width, height) = (raw.pointee.width, raw.pointee.height)
        isInterlaced = ffIsInterlaced(raw) != 0
        // Of some formats the name alone says it.
        range = Conversion.Source(raw).isFullRange ? AVCOL_RANGE_JPEG : raw.pointee.color_range
        primaries = raw.pointee.color_primaries
        transfer = raw.pointee.color_trc
        matrix = raw.pointee.colorspace
        chroma = raw.pointee.chroma_location
        aspect = raw.pointee.sample_aspect_ratio
    }

    func isSize(of raw: UnsafePointer<AVFrame>) -> Bool { (raw.pointee.width, raw.pointee.height) == (width, height) }

    func state(in raw: UnsafeMutablePointer<AVFrame>) {
        raw.pointee.color_range = range
        raw.pointee.color_primaries = primaries
        raw.pointee.color_trc = transfer
        raw.pointee.colorspace = matrix
        raw.pointee.chroma_location = chroma
        raw.pointee.sample_aspect_ratio = aspect
    }

    /// Why a device's picture is not the one of software; nil where it is.
    func difference(_ raw: UnsafePointer<AVFrame>, _ whole: UnsafePointer<AVFrame>) -> String? {
        guard isSize(of: raw) else {
            return "it gives pictures of \(raw.pointee.width)x\(raw.pointee.height) that are \(width)x\(height)"
        }
        guard (ffIsInterlaced(raw) != 0) == isInterlaced else { return "it tells fields from whole pictures wrongly" }
        guard let one = try? Self.colours(raw), let other = try? Self.colours(whole) else {
            return "it gives pictures in a format that cannot be read"
        }
        let sum = zip(one, other).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
        return Double(sum) / Double(max(1, one.count)) <= Self.tolerance ? nil : "it gives other pictures than software"
    }

    private static func colours(_ raw: UnsafePointer<AVFrame>) throws -> [UInt8] {
        let conversion = try Conversion(
            from: Conversion.Source(raw), to: (sketch.width, sketch.height, AV_PIX_FMT_RGB24))
        var pixels = [UInt8](repeating: 0, count: sketch.width * sketch.height * 3 + 64)
        try pixels.withUnsafeMutableBufferPointer {
            try conversion.run(raw, into: [$0.baseAddress, nil, nil, nil], [Int32(sketch.width * 3), 0, 0, 0])
        }
        pixels.removeLast(64)
        return pixels
    }
}
