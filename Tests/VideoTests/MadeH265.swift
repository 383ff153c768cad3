import TestSupport

/// Sets of parameters of H.265 that no encoder of this machine writes, harmless in their form.
enum MadeH265 {
    /// Profile and level (7.3.3): main, 6.2.
    private static let level = [1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 186]

    /// A video parameter set (7.3.2.1), without which libav takes none of the others.
    static let video: [UInt8] = {
        var bits = Bits()
        for (value, length) in [(0, 4), (3, 2), (0, 6), (0, 3), (1, 1), (0xFFFF, 16)] { bits.put(value, length) }
        for byte in level { bits.put(byte, 8) }
        bits.put(1, 1)
        for value in [15, 0, 0] { bits.putExponential(value) }
        bits.put(0, 6)
        bits.putExponential(0)
        bits.put(0, 2)
        return [0x40, 1] + bits.bytes
    }()

    /// A sequence parameter set (ITU-T H.265, 7.3.2.2) with the smallest blocks there are.
    static func sequence(_ width: Int, _ height: Int, kept: Int = 1, layers: Int = 1) -> [UInt8] {
        var bits = Bits()
        bits.put(0, 4)
        bits.put(layers - 1, 3)
        bits.put(1, 1)
        for byte in level { bits.put(byte, 8) }
        if layers > 1 {
            for _ in 1..<layers { bits.put(0b11, 2) }
            bits.put(0, 2 * (9 - layers))
            for _ in 1..<layers { for byte in level { bits.put(byte, 8) } }
        }
        for value in [0, 1, width, height] { bits.putExponential(value) }
        bits.put(0, 1)
        for value in [0, 0, 4] { bits.putExponential(value) }
        bits.put(1, 1)
        for _ in 0..<layers { for value in [kept - 1, 0, 0] { bits.putExponential(value) } }
        // Coding blocks of 8 up to 16, transforms of 4 up to 16.
        for value in [0, 1, 0, 2, 0, 0] { bits.putExponential(value) }
        bits.put(0, 4)
        bits.putExponential(0)
        bits.put(0, 5)
        return [0x42, 1] + bits.bytes
    }

    /// A picture parameter set (7.3.2.3).
    static func picture(_ id: Int) -> [UInt8] {
        var bits = Bits()
        for value in [id, 0] { bits.putExponential(value) }
        bits.put(0, 7)
        for _ in 0..<3 { bits.putExponential(0) }
        bits.put(0, 3)
        for _ in 0..<2 { bits.putExponential(0) }
        bits.put(0, 10)
        bits.putExponential(0)
        bits.put(0, 2)
        return [0x44, 1] + bits.bytes
    }

    /// The begin of a picture that cannot be decoded.
    static let slice: [UInt8] = [0x26, 1, 0xAF] + [UInt8](repeating: 0xA5, count: 40)

    /// A camera of H.265 that sends `units` over and over, each alone in a packet.
    static func camera(_ units: [[UInt8]], times: Int, described: String = "") throws -> ScriptedCamera {
        let description =
            "v=0\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\n\(described)a=control:a\r\n"
        var script = Array(
            """
            RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\nRTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: \(description.utf8.count)\r\n\r\n\
            \(description)RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession: a\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n\
            RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n
            """.utf8)
        for number in 0..<units.count * times {
            let unit = units[number % units.count]
            let (size, stamp) = (unit.count + 12, number / units.count * 9000)
            let mark: UInt8 = number % units.count == units.count - 1 ? 0x80 : 0
            script += [0x24, 0, UInt8(size >> 8), UInt8(size & 255), 0x80, 96 | mark]
            script += [UInt8(number >> 8 & 255), UInt8(number & 255)]
            script += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: stamp >> $0) } + [0, 0, 0, 1] + unit
        }
        return try ScriptedCamera(saying: script)
    }

    private struct Bits {
        private var written: [UInt8] = []
        private var count = 0

        mutating func put(_ value: Int, _ length: Int) {
            for bit in (0..<length).reversed() {
                if count.isMultiple(of: 8) { written.append(0) }
                written[written.count - 1] |= UInt8(value >> bit & 1) << (7 - UInt8(count % 8))
                count += 1
            }
        }

        mutating func putExponential(_ value: Int) {
            let length = Int.bitWidth - (value + 1).leadingZeroBitCount
            put(0, length - 1)
            put(value + 1, length)
        }

        /// With its last bit, and with what keeps start codes out.
        var bytes: [UInt8] {
            var bits = self
            bits.put(1, 1)
            var result: [UInt8] = []
            for byte in bits.written {
                if byte <= 3, result.suffix(2) == [0, 0] { result.append(3) }
                result.append(byte)
            }
            return result
        }
    }
}
