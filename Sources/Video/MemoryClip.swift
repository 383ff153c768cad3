internal import CFFmpeg
import Foundation
import Synchronization
import Threading

/// A clip whose bytes are read once and shared by all cameras that play it.
public struct MemoryClip: Sendable {
    public let path: String
    let bytes: Data
    /// Of one repetition.
    public let seconds: Double
    /// The longest key-frame interval, in seconds, including the one between two repetitions.
    public let keyInterval: Double

    /// Reads the file and all of its packets; decodes none.
    public init(path: String) throws(VideoError) {
        let url = CameraURL(path)
        do { bytes = try Data(contentsOf: URL(filePath: path)) } catch {
            throw VideoError(
                "read", on: url,
                cause: FileManager.default.fileExists(atPath: path)
                    ? "\(error.localizedDescription)" : "there is no such file")
        }
        self.path = path
        let stamps = try Self.stamps(bytes, url)
        guard let timing = ClipTiming(stamps) else {
            throw VideoError("play", on: url, cause: "it has no key frames with a picture after them")
        }
        (seconds, keyInterval) = (timing.seconds, timing.keyInterval)
    }

    /// The times of all packets with a picture, in seconds, in the order of decoding.
    private static func stamps(_ bytes: Data, _ url: CameraURL) throws(VideoError) -> [ClipTiming.Stamp] {
        guard let feed = ClipFeed(bytes), var packet = Optional(av_packet_alloc()) else {
            throw VideoError("allocate", on: url, cause: "out of memory")
        }
        defer { av_packet_free(&packet) }
        return try withExtendedLifetime(feed) { () throws(VideoError) in
            var format = avformat_alloc_context()
            var options: OpaquePointer?
            defer { avformat_close_input(&format) }
            func check(_ code: Int32, _ operation: String) throws(VideoError) {
                guard code < 0 else { return }
                throw VideoError(operation, on: url, cause: "\(FFmpegError(operation: operation, code: code))")
            }
            try check(feed.open(&format, url.address, &options), "open")
            try check(avformat_find_stream_info(format, nil), "probe")
            let index = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, nil, 0)
            guard index >= 0, let info = format?.pointee.streams[Int(index)], let packet else {
                throw VideoError("find a video stream in", on: url, cause: "it holds no video that can be decoded")
            }
            let unit = Double(info.pointee.time_base.num) / Double(info.pointee.time_base.den)
            var mend = FileStamps(
                timeBase: info.pointee.time_base, rates: [info.pointee.avg_frame_rate, info.pointee.r_frame_rate])
            var stamps: [ClipTiming.Stamp] = []
            while av_read_frame(format, packet) >= 0 {
                defer { av_packet_unref(packet) }
                guard packet.pointee.stream_index == index else { continue }
                mend.mend(&packet.pointee)
                let stamp = packet.pointee.dts != ffNOPTS ? packet.pointee.dts : packet.pointee.pts
                stamps.append(
                    .init(seconds: Double(stamp) * unit, isKey: packet.pointee.flags & AV_PKT_FLAG_KEY != 0))
            }
            return stamps
        }
    }
}

/// The duration and key-frame interval of one repetition of a clip.
struct ClipTiming: Equatable {
    struct Stamp {
        let seconds: Double
        let isKey: Bool
    }

    /// From the first packet to the first one of the next repetition, which comes one step after the last.
    let seconds: Double
    let keyInterval: Double

    /// Nil without key frames, or where all packets have the same time.
    init?(_ stamps: [Stamp]) {
        let keys = stamps.filter(\.isKey).map(\.seconds)
        guard let first = stamps.first?.seconds, let last = stamps.last?.seconds, last > first, let key = keys.first
        else { return nil }
        seconds = (last - first) * Double(stamps.count) / Double(stamps.count - 1)
        let round = keys + [key + seconds]
        keyInterval = zip(round, round.dropFirst()).map { $1 - $0 }.max() ?? seconds
    }
}

/// One camera's playback of a clip: packets arrive in real time, with time stamps that continue over the repetitions.
public final class PacedClip: Sendable {
    public let clip: MemoryClip
    private let schedule = Mutex(PacketSchedule())
    private let waiting = MonotonicEvent()
    private let uptime: @Sendable () -> Double

    /// Seconds between two checks whether the camera was stopped.
    private static let patience = 0.25

    public init(_ clip: MemoryClip, clocks: Clocks = .system) {
        self.clip = clip
        uptime = clocks.uptime
    }

    /// When a picture of this media time was due, by the monotonic clock; nil before the first packet.
    public func due(_ time: Double) -> Double? { schedule.withLock { $0.due(time) } }

    /// A session begins: its first packet is due at once.
    func begin() { schedule.withLock { $0 = PacketSchedule() } }

    /// Returns once a packet of this stamp, in seconds, is due; false where the camera was stopped before.
    func wait(for stamp: Double, _ deadline: ReadDeadline) -> Bool {
        while !deadline.isStopped {
            let left = schedule.withLock { $0.wait(for: stamp, at: uptime()) }
            guard left > 0 else { return true }
            waiting.wait(seconds: min(left, Self.patience))
        }
        return false
    }
}

/// When packets are due: the first one at once, the others by the difference of their time stamps. A late one does not
/// shift those that follow.
struct PacketSchedule {
    private var origin: Double?

    /// By the clock, in seconds.
    func due(_ stamp: Double) -> Double? { origin.map { $0 + stamp } }

    /// Remaining seconds.
    mutating func wait(for stamp: Double, at now: Double) -> Double {
        let origin = origin ?? now - stamp
        self.origin = origin
        return max(0, origin + stamp - now)
    }
}
