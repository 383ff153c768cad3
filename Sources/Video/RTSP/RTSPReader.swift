/// Parses the bytes of a connection: messages, and interleaved packets (RFC 2326, 10.12).
///
/// Some cameras write into the middle of a packet, or bytes that are neither. Unreadable bytes are skipped up to the
/// next readable item, within a limit.
final class RTSPReader {
    enum Item: Equatable {
        case message(RTSPMessage)
        /// The range of its bytes, valid until the next call.
        case packet(channel: UInt8, Range<Int>)
    }

    /// The longest head and body of a message: a description of a camera has a few KiB.
    static let longestHead = 32 << 10
    static let longestBody = 64 << 10
    /// Bytes that may be skipped between two readable items.
    static let mostGarbage = 128 << 10
    /// Two for each track of a camera, one of which is requested.
    private static let mostChannels = 16
    /// Bytes requested at a time: a whole key frame in one call.
    private static let chunk = 64 << 10

    /// The longest item, and a chunk after it.
    private let bytes = UnsafeMutableRawBufferPointer.allocate(
        byteCount: longestHead + longestBody + chunk, alignment: 16)
    private var start = 0
    private var end = 0
    private var garbage = 0
    /// Channels assigned by the camera, which carry packets whatever their number.
    var named: [UInt8] = []
    private var isLost = false
    /// A message that waits for its body.
    private var pending: (message: RTSPMessage, length: Int)?

    deinit { bytes.deallocate() }

    /// Lets `read` append bytes; it returns their number.
    func fill(_ read: (UnsafeMutableRawBufferPointer) -> Int) {
        if bytes.count - end < Self.chunk {
            bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            (start, end) = (0, end - start)
        }
        let place = end..<min(bytes.count, end + Self.chunk)
        end += max(0, min(read(UnsafeMutableRawBufferPointer(rebasing: bytes[place])), place.count))
    }

    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }

    /// The next item; nil until more has arrived.
    func next() throws(RTSPFault) -> Item? {
        if let pending {
            guard end - start >= pending.length else { return nil }
            self.pending = nil
            var message = pending.message
            message.body = Array(bytes[start..<start + pending.length])
            start += pending.length
            return found(.message(message))
        }
        while start < end {
            if bytes[start] == UInt8(ascii: "$") {
                guard end - start >= 4 else { return nil }
                let length = Int(bytes[start + 2]) << 8 | Int(bytes[start + 3])
                guard bytes[start + 1] < Self.mostChannels || named.contains(bytes[start + 1]) else {
                    try skip(1)
                    continue
                }
                if isLost {
                    // In a stream that has lost its framing, a packet is distinguished from other bytes by RTP's
                    // version.
                    guard end - start >= 5 else { return nil }
                    guard length >= 8, bytes[start + 4] >> 6 == 2 else {
                        try skip(1)
                        continue
                    }
                }
                guard end - start >= 4 + length else { return nil }
                let packet = start + 4..<start + 4 + length
                start += 4 + length
                return found(.packet(channel: bytes[packet.lowerBound - 3], packet))
            }
            guard isCapital(bytes[start]) else {
                if bytes[start] == 13 || bytes[start] == 10 { start += 1 } else { try skip(1) }
                continue
            }
            switch try message() {
            case .found(let item): return item
            case .notYet: return nil
            case .garbage: continue
            }
        }
        return nil
    }

    private enum Attempt {
        case found(Item)
        case notYet
        case garbage
    }

    /// A message that begins at `start`, with a capital letter.
    private func message() throws(RTSPFault) -> Attempt {
        let window = bytes[start..<min(end, start + Self.longestHead)]
        guard let line = window.firstIndex(of: 10) else {
            guard window.count < Self.longestHead else {
                try skip(window.count)
                return .garbage
            }
            // Packets lost within a long line would be waited for.
            if let other = window.firstIndex(of: UInt8(ascii: "$")), isLost {
                try skip(other - start)
                return .garbage
            }
            return .notYet
        }
        guard RTSPMessage(head: bytes[start...line]) != nil else {
            if bytes[start...line].starts(with: Array("HTTP/".utf8)) {
                throw RTSPFault(
                    "what answers there speaks HTTP", remedy: "write the port of its RTSP into the address",
                    kind: .notRTSP)
            }
            try skip((bytes[start...line].firstIndex(of: UInt8(ascii: "$")) ?? line + 1) - start)
            return .garbage
        }
        var end = line
        while true {
            guard let next = window[(end + 1)...].firstIndex(of: 10) else {
                guard window.count < Self.longestHead else {
                    throw RTSPFault(
                        "its answer has a head of more than \(Self.longestHead >> 10) KiB", kind: .notRTSP)
                }
                return .notYet
            }
            let isEmpty = next == end + 1 || next == end + 2 && bytes[end + 1] == 13
            end = next
            if isEmpty { break }
        }
        guard let message = RTSPMessage(head: bytes[start...end]) else { return .garbage }
        start = end + 1
        let length = message["content-length"].flatMap(Int.init) ?? 0
        guard length > 0 else { return .found(found(.message(message))) }
        guard length <= Self.longestBody else {
            throw RTSPFault(
                "its answer of \(length) bytes is too long: \(Self.longestBody >> 10) KiB are taken", kind: .notRTSP)
        }
        pending = (message, length)
        return try next().map { .found($0) } ?? .notYet
    }

    private func found(_ item: Item) -> Item {
        (garbage, isLost) = (0, false)
        return item
    }

    private func skip(_ count: Int) throws(RTSPFault) {
        start += count
        garbage += count
        isLost = true
        guard garbage <= Self.mostGarbage else {
            throw RTSPFault("what it sends is no RTSP", kind: .notRTSP)
        }
    }

    private func isCapital(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
}
