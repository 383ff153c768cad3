internal import CFFmpeg

/// The sets of parameters of H.264 or H.265 that stand before a picture, behind start codes.
struct ParameterSets {
    private let encoding: PacketScreen.Encoding
    /// From their headers on, in their order.
    private let units: [[UInt8]]
    /// Of the unit of the picture; nil where none follows.
    private let slice: UInt8?

    /// Of streams there are three or four before a picture; H.264 has room for 288.
    private static let most = 320

    /// Nil for another codec, and where there are more than a stream can have.
    ///
    /// - Parameter bytes: a picture as it is decoded; what follows the beginning of its first slice is not looked at.
    init?(beforePictureIn bytes: UnsafeRawBufferPointer, of codec: AVCodecID) {
        guard codec == AV_CODEC_ID_H264 || codec == AV_CODEC_ID_HEVC else { return nil }
        let encoding: PacketScreen.Encoding = codec == AV_CODEC_ID_H264 ? .h264 : .h265
        self.encoding = encoding
        var units: [[UInt8]] = []
        var start: Int?
        var slice: UInt8?
        func end(_ place: Int) {
            guard let start, start < place else { return }
            let unit = bytes[start..<place]
            guard UnitScanner.isParameters(unit[start], encoding) else { return }
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
            if place < bytes.count, Self.isSlice(bytes[place], encoding) {
                slice = bytes[place]
                break
            }
        }
        if place + 2 >= bytes.count { end(bytes.count) }
        guard units.count <= Self.most else { return nil }
        self.units = units
        self.slice = slice
    }

    /// Those of the picture in a packet.
    init?(in packet: UnsafePointer<AVPacket>, of codec: AVCodecID) {
        let bytes = UnsafeRawBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size))
        self.init(beforePictureIn: bytes, of: codec)
    }

    /// Whether a decoder needs no others: of H.264 sequence and picture, of H.265 also video.
    var isComplete: Bool {
        let kinds = Set(units.compactMap { $0.first.map { UnitScanner.kind($0, encoding) } })
        return kinds.isSuperset(of: encoding == .h264 ? [7, 8] : [32, 33, 34])
    }

    /// Whether the picture behind them needs none before it: of H.264 an IDR, of H.265 an IDR, BLA or CRA picture.
    var isBeforeStart: Bool {
        guard let kind = slice.map({ UnitScanner.kind($0, encoding) }) else { return false }
        return encoding == .h264 ? kind == 5 : (16...21).contains(kind)
    }

    /// Whether all of the others are among these.
    func holds(_ others: ParameterSets) -> Bool { others.units.allSatisfy(units.contains) }

    /// Behind start codes.
    var bytes: [UInt8] { units.flatMap { [0, 0, 0, 1] + $0 } }

    private static func isSlice(_ header: UInt8, _ encoding: PacketScreen.Encoding) -> Bool {
        let kind = UnitScanner.kind(header, encoding)
        return encoding == .h264 ? (1...5).contains(kind) : kind < 32
    }
}
