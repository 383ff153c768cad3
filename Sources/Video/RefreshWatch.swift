internal import CFFmpeg

/// Follows an H.265 stream without key frames that refreshes its pictures gradually, joined at any point.
///
/// libavcodec does not support recovery points of H.265, and x265 writes none: at the start of a refresh, encoders
/// repeat the parameter sets. Between two such marks without a fault the whole picture has been refreshed.
struct RefreshWatch {
    enum Mark {
        /// Not the start of a refresh.
        case none
        /// A refresh begins.
        case begin
        /// A refresh has ended, and the next one begins: the picture is complete.
        case renewed
    }

    /// False from the first key frame on: then each fault is repaired by the next key frame.
    private(set) var isNeeded = true
    /// From joining to the first complete picture, in seconds; nil while there is none.
    private(set) var delay: Double?
    private var joined: Double?
    private var lastMark: Double?
    private var longest = 0.0
    private var isClean = false

    /// Longest accepted time between two marks, in seconds.
    private static let longestPeriod = 20.0

    /// Additional seconds until a complete picture can be expected: two periods after the one in which it was joined.
    var patience: Double { isNeeded && lastMark != nil ? 2 * max(longest, Self.longestPeriod / 2) : 0 }

    /// For people.
    var remark: String? {
        guard isNeeded, let delay else { return nil }
        return "it sends no key frames: switch off intra refresh at the camera; now it is seen only "
            + "\(Int(delay.rounded(.up))) s after each start, and each of its pictures has to be decoded"
    }

    /// Pictures are incomplete until the end of a refresh that begins later.
    mutating func noteFault() { isClean = false }

    mutating func take(_ packet: UnsafePointer<AVPacket>, isKey: Bool, at time: Double) -> Mark {
        guard isNeeded else { return .none }
        joined = joined ?? time
        if isKey {
            isNeeded = false
            return .none
        }
        guard Self.isMark(packet) else { return .none }
        defer { (lastMark, isClean) = (time, true) }
        if let lastMark, time > lastMark { longest = max(longest, min(Self.longestPeriod, time - lastMark)) }
        guard isClean, lastMark != nil else { return .begin }
        delay = delay ?? joined.map { time - $0 }
        return .renewed
    }

    /// Whether parameter sets or a recovery point precede the picture: units with start codes, as in streams.
    private static func isMark(_ packet: UnsafePointer<AVPacket>) -> Bool {
        guard let data = packet.pointee.data else { return false }
        let bytes = UnsafeBufferPointer(start: data, count: Int(packet.pointee.size))
        var index = 0
        while index + 6 < bytes.count {
            guard bytes[index] == 0, bytes[index + 1] == 0, bytes[index + 2] == 1 else {
                index += 1
                continue
            }
            switch bytes[index + 3] >> 1 & 63 {
            case 0..<32: return false
            case sequenceParameters: return true
            case prefixSEI where bytes[index + 5] == recoveryPoint: return true
            default: index += 4
            }
        }
        return false
    }

    /// From ITU-T H.265, tables 7-1 and D.1.
    private static let sequenceParameters: UInt8 = 33
    private static let prefixSEI: UInt8 = 39
    private static let recoveryPoint: UInt8 = 6
}
