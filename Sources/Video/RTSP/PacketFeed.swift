internal import CFFmpeg
import Synchronization

/// Feeds a session to libav's `sdp` demuxer: first the description, then one packet at each call. Depacketising,
/// reordering, codec parameters and the sender's clock are left to libav.
final class PacketFeed {
    private let session: RTSPSession
    private let description: [UInt8]
    private var told = 0
    private var opening: UnsafeMutablePointer<AVIOContext>?
    private var playing: UnsafeMutablePointer<AVIOContext>?

    /// Nil where memory cannot be allocated.
    init?(_ session: RTSPSession) {
        self.session = session
        description = Array((session.track?.description ?? "").utf8)
        let this = Unmanaged.passUnretained(self).toOpaque()
        opening = Self.context(isWritable: false, this) { opaque, buffer, size in
            guard let opaque, let buffer else { return ffAVERROR_EOF }
            return Unmanaged<PacketFeed>.fromOpaque(opaque).takeUnretainedValue().tell(buffer, Int(size))
        }
        // A writable context is read without a buffer of its own: each call is one packet. libav's output, a receiver
        // report for each 280 kB received, is discarded; cameras are kept alive by requests.
        playing = Self.context(isWritable: true, this) { opaque, buffer, size in
            guard let opaque, let buffer else { return ffAVERROR_EOF }
            return Unmanaged<PacketFeed>.fromOpaque(opaque).takeUnretainedValue().read(buffer, Int(size))
        }
        guard opening != nil, playing != nil else { return nil }
    }

    deinit {
        for var context in [opening, playing] {
            if let context { av_freep(&context.pointee.buffer) }
            avio_context_free(&context)
        }
    }

    private typealias Read = @convention(c) (UnsafeMutableRawPointer?, UnsafeMutablePointer<UInt8>?, Int32) -> Int32

    private static func context(
        isWritable: Bool, _ opaque: UnsafeMutableRawPointer, _ read: Read
    ) -> UnsafeMutablePointer<AVIOContext>? {
        let size = 4096
        guard let buffer = av_malloc(size)?.assumingMemoryBound(to: UInt8.self) else { return nil }
        guard let context = avio_alloc_context(buffer, Int32(size), isWritable ? 1 : 0, opaque, read, nil, nil) else {
            av_free(buffer)
            return nil
        }
        return context
    }

    /// Opens `format` on the session; like `avformat_open_input`, which frees it on failure.
    func open(
        _ format: inout UnsafeMutablePointer<AVFormatContext>?, _ options: inout OpaquePointer?
    ) -> Int32 {
        av_dict_set(&options, "sdp_flags", "custom_io", 0)
        // Over TCP nothing is reordered, and waiting for missing packets would only delay.
        if session.used == .tcp { av_dict_set(&options, "reorder_queue_size", "0", 0) }
        format?.pointee.pb = opening
        let code = avformat_open_input(&format, "", av_find_input_format("sdp"), &options)
        if code >= 0 { format?.pointee.pb = playing }
        return code
    }

    private func tell(_ buffer: UnsafeMutablePointer<UInt8>, _ size: Int) -> Int32 {
        let part = description[told...].prefix(size)
        guard !part.isEmpty else { return ffAVERROR_EOF }
        for (index, byte) in part.enumerated() { buffer[index] = byte }
        told += part.count
        return Int32(part.count)
    }

    private func read(_ buffer: UnsafeMutablePointer<UInt8>, _ size: Int) -> Int32 {
        guard session.fault == nil, size >= 1 << 16 else { return ffAVERROR_EXIT }
        do throws(RTSPFault) {
            let count = try session.nextPacket(into: UnsafeMutableRawBufferPointer(start: buffer, count: size))
            return count > 0 ? Int32(count) : ffAVERROR_EOF
        } catch {
            session.fault = error
            return ffAVERROR_EXIT
        }
    }
}

/// Counts the packets of a stream lost on the way, by their sequence numbers (RFC 3550, A.3).
struct PacketLoss {
    /// Packets since `reset`.
    private(set) var expected = 0
    private(set) var received = 0
    private var newest: UInt16?
    /// Before `reset`.
    private var before = (expected: 0, received: 0)

    /// A larger difference of sequence numbers is a restarted stream.
    private static let restart = 3000

    mutating func take(_ number: UInt16) {
        received += 1
        let step = newest.map { Int(Int16(bitPattern: number &- $0)) } ?? 1
        guard abs(step) <= Self.restart else {
            (expected, newest) = (expected + 1, number)
            return
        }
        guard step > 0 else { return }
        (expected, newest) = (expected + step, number)
    }

    mutating func reset() {
        before = (before.expected + expected, before.received + received)
        (expected, received) = (0, 0)
    }

    /// 0…1.
    var share: Double { Self.share(expected, received) }
    /// The same since the beginning.
    var whole: Double { Self.share(before.expected + expected, before.received + received) }

    private static func share(_ expected: Int, _ received: Int) -> Double {
        expected > received ? Double(expected - received) / Double(expected) : 0
    }
}

/// How much later than the first picture of a stream the second one is, by the stamps of their packets.
///
/// libav gives the first picture of a session no time where it is cut at the beginning of the next one, and a camera would be
/// seen a whole group later.
struct FirstStep {
    private var first: UInt32?
    private var second: UInt32?

    /// A larger one is a stamp that jumps, in seconds.
    private static let longest = 30.0

    mutating func take(_ stamp: UInt32) {
        if first == nil { first = stamp } else if second == nil, stamp != first { second = stamp }
    }

    /// - Parameter clockRate: ticks a second of the stamps.
    /// - Returns: seconds, > 0; nil where two pictures have not come, or their stamps are none of two that follow one another.
    func seconds(clockRate: Int) -> Double? {
        guard let first, let second else { return nil }
        let step = Double(Int32(bitPattern: second &- first)) / Double(max(1, clockRate))
        return step > 0 && step <= Self.longest ? step : nil
    }
}

/// What is learnt about a camera in one session and used in the next, up to the end of the run.
public final class StreamMemory: Sendable {
    struct Facts {
        /// It disconnects on GET_PARAMETER, or does not support it.
        var avoidsGetParameter = false
        /// For `Transport.auto`: the transport that has worked, or is to be tried now.
        var transport = Transport.tcp
        /// See `SenderClock`.
        var isClockDistrusted = false
    }

    private let facts = Mutex(Facts())

    public init() {}

    var known: Facts { facts.withLock { $0 } }

    func note(_ change: (inout Facts) -> Void) { facts.withLock { change(&$0) } }
}
