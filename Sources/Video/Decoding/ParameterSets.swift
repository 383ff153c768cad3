internal import CFFmpeg

/// The sets of parameters of H.264 or H.265 that stand before a picture, behind start codes.
struct ParameterSets: Equatable {
    private let codec: AVCodecID
    /// From their headers on, in their order.
    private let units: [[UInt8]]

    /// Kinds of units (ITU-T H.264, table 7-1; H.265, table 7-1).
    private static let h264 = (
        sequence: UInt8(7), picture: UInt8(8), extensions: [UInt8(13), 15], slices: UInt8(1)...5
    )
    private static let h265 = (video: UInt8(32), sequence: UInt8(33), picture: UInt8(34), slices: UInt8(0)...31)

    /// Of streams there are three or four before a picture; H.264 has room for 288.
    private static let most = 320

    /// Nil for another codec, and where there are more than a stream can have.
    ///
    /// - Parameter bytes: a picture as it is decoded; what follows the beginning of its first slice is not looked at.
    init?(beforePictureIn bytes: UnsafeRawBufferPointer, of codec: AVCodecID) {
        guard codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_HEVC else { return nil }
        self.codec = codec
        var units: [[UInt8]] = []
        var start: Int?
        func end(_ place: Int) {
            guard let start, start < place else { return }
            let unit = bytes[start..<place]
            guard Self.isSet(unit[start], codec) else { return }
            // Zeros behind a unit are none of it.
            guard units.count <= Self.most else { return }
            units.append(Array(unit[...(unit.lastIndex { $0 != 0 } ?? start)]))
        }
        var place = 0
        while place + 2 < bytes.count {
            guard bytes[place] == 0, bytes[place + 1] == 0, bytes[place + 2] == 1 else {
                place += 1
                continue
            }
            end(place)
            place += 3
            start = place
            if place < bytes.count, Self.isSlice(bytes[place], codec) { break }
        }
        if place + 2 >= bytes.count { end(bytes.count) }
        guard units.count <= Self.most else { return nil }
        self.units = units
    }

    /// Whether a decoder needs no others.
    var isComplete: Bool {
        let kinds = Set(units.compactMap { $0.first.map { Self.kind($0, codec) } })
        return kinds.isSuperset(
            of: codec == AV_CODEC_ID_H264
                ? [Self.h264.sequence, Self.h264.picture] : [Self.h265.video, Self.h265.sequence, Self.h265.picture])
    }

    /// Whether all of the others are among these.
    func holds(_ others: ParameterSets) -> Bool { others.units.allSatisfy(units.contains) }

    /// Behind start codes.
    var bytes: [UInt8] { units.flatMap { [0, 0, 0, 1] + $0 } }

    private static func kind(_ header: UInt8, _ codec: AVCodecID) -> UInt8 {
        codec == AV_CODEC_ID_H264 ? header & 31 : header >> 1 & 63
    }

    private static func isSet(_ header: UInt8, _ codec: AVCodecID) -> Bool {
        let kind = kind(header, codec)
        return codec == AV_CODEC_ID_H264
            ? kind == h264.sequence || kind == h264.picture || h264.extensions.contains(kind)
            : kind == h265.video || kind == h265.sequence || kind == h265.picture
    }

    private static func isSlice(_ header: UInt8, _ codec: AVCodecID) -> Bool {
        codec == AV_CODEC_ID_H264
            ? h264.slices.contains(kind(header, codec)) : h265.slices.contains(kind(header, codec))
    }
}
