internal import CFFmpeg

/// Packets since the last key frame that the decoder has not got, so that it can go on with them after all.
///
/// They are needed only until the next look is due: then a key frame has come or they are decoded. So this is as much of
/// the stream as lies between two looks, 1.5 MB where that is three seconds of 4 Mb/s.
struct GOPBuffer: ~Copyable {
    /// For one camera, in bytes: a promise of three seconds holds up to 43 Mb/s, one of twenty up to 6 Mb/s. A stream that
    /// brings more between key frames is decoded from there on instead.
    private static let capacity = 16 << 20
    /// What a packet takes beside its data, in bytes: many small ones are bounded by this.
    private static let overhead = 512

    private var packets: [UnsafeMutablePointer<AVPacket>] = []
    private var taken = 0
    private var bytes = 0
    /// From the first key frame on: nothing can be decoded before it.
    private var isOpen = false

    init() {}

    deinit {
        for packet in packets[taken...] {
            var unused = Optional(packet)
            av_packet_free(&unused)
        }
    }

    var isEmpty: Bool { taken == packets.count }
    var isFull: Bool { bytes > Self.capacity }

    /// A key frame: nothing before it is needed any more.
    mutating func restart() {
        while let packet = takeFirst() {
            var unused = Optional(packet)
            av_packet_free(&unused)
        }
        isOpen = true
    }

    /// What is kept is given up: nothing can be decoded before the next key frame.
    mutating func close() {
        restart()
        isOpen = false
    }

    /// Keeps a reference to the packet's data, which is not copied; false where there is no memory for it.
    mutating func add(_ packet: UnsafeMutablePointer<AVPacket>) -> Bool {
        guard isOpen else { return true }
        guard let kept = av_packet_clone(packet) else { return false }
        packets.append(kept)
        bytes += Int(kept.pointee.size) + Self.overhead
        return true
    }

    /// The oldest packet, for the caller to free.
    mutating func takeFirst() -> UnsafeMutablePointer<AVPacket>? {
        guard taken < packets.count else { return nil }
        let packet = packets[taken]
        taken += 1
        if taken == packets.count {
            packets.removeAll(keepingCapacity: true)
            (taken, bytes) = (0, 0)
        }
        return packet
    }
}

/// Key frames that nobody has looked at, since the last look.
final class SkippedKeys {
    /// In bytes, for one camera: 20 s of 1080p in good quality.
    private static let capacity = 6 << 20
    private static let most = 64

    private var keys: [PastPictures.Key] = []
    private var bytes = 0

    init() {}

    /// Keeps a reference to the packet's data, which is not copied; false where there is no memory for it.
    func add(_ packet: UnsafeMutablePointer<AVPacket>, at time: Double) -> Bool {
        guard let kept = av_packet_clone(packet) else { return false }
        keys.append(PastPictures.Key(packet: kept, time: time))
        bytes += Int(kept.pointee.size)
        // The packet goes with its key: its size is not to be read from it here.
        while bytes > Self.capacity || keys.count > Self.most { bytes -= keys.removeFirst().bytes }
        return true
    }

    /// The oldest first.
    func take() -> [PastPictures.Key] {
        defer { (keys, bytes) = ([], 0) }
        return keys
    }
}
