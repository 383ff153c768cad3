/// The H.265 parameter sets that determine how much memory a decoder needs.
enum H265Parameters: Equatable {
    /// Coded size in pixels, and the number of pictures that the decoder keeps.
    case sequence(width: Int, height: Int, kept: Int)
    /// Its id.
    case picture(Int)

    /// - Parameter unit: from its header on, as transmitted. Nil for another kind, or where it cannot be parsed: libav
    ///   refuses it too.
    init?(_ unit: [UInt8]) {
        guard unit.count > 2 else { return nil }
        // Other layers are not used, by libav neither.
        guard unit[0] & 1 == 0, unit[1] >> 3 == 0 else { return nil }
        var bits = Bits(unit.dropFirst(2))
        switch unit[0] >> 1 & 63 {
        case 33:
            guard let found = Self.sequence(&bits) else { return nil }
            self = found
        case 34:
            guard let id = bits.exponential(), id < 64 else { return nil }
            self = .picture(id)
        default: return nil
        }
    }

    /// ITU-T H.265, 7.3.2.2.1.
    private static func sequence(_ bits: inout Bits) -> H265Parameters? {
        bits.skip(4)
        let layers = bits.number(3)
        bits.skip(1)
        skipLevels(&bits, layers)
        guard bits.exponential() != nil, let chroma = bits.exponential() else { return nil }
        if chroma == 3 { bits.skip(1) }
        guard let width = bits.exponential(), let height = bits.exponential() else { return nil }
        if bits.number(1) == 1 { for _ in 0..<4 { _ = bits.exponential() } }
        // Bit depths of luma and chroma, and the length of the picture order count.
        for _ in 0..<3 { _ = bits.exponential() }
        var kept = 0
        for _ in 0...(bits.number(1) == 1 ? layers : 0) {
            guard let more = bits.exponential() else { break }
            kept = max(kept, more + 1)
            for _ in 0..<2 { _ = bits.exponential() }
        }
        // An unreadable count is taken for the maximum.
        return .sequence(width: width, height: height, kept: kept > 0 ? min(16, kept) : 16)
    }

    /// ITU-T H.265, 7.3.3: profile, tier and level of the whole and of its temporal layers.
    private static func skipLevels(_ bits: inout Bits, _ layers: Int) {
        bits.skip(96)
        guard layers > 0 else { return }
        let present = (0..<layers).map { _ in (profile: bits.number(1) == 1, level: bits.number(1) == 1) }
        bits.skip(2 * (8 - layers))
        for layer in present { bits.skip((layer.profile ? 88 : 0) + (layer.level ? 8 : 0)) }
    }

    /// Reads the bits of a unit, without emulation prevention bytes.
    private struct Bits {
        private var bytes: [UInt8] = []
        private var place = 0

        init(_ unit: some Sequence<UInt8>) {
            var zeros = 0
            for byte in unit {
                if zeros >= 2, byte == 3 {
                    zeros = 0
                    continue
                }
                zeros = byte == 0 ? zeros + 1 : 0
                bytes.append(byte)
            }
        }

        var isOver: Bool { place > bytes.count * 8 }

        mutating func skip(_ count: Int) { place += count }

        /// Zeros after the end.
        mutating func number(_ count: Int) -> Int {
            (0..<count).reduce(0) { number, _ in
                defer { place += 1 }
                let bit = place < bytes.count * 8 ? bytes[place >> 3] >> (7 - place & 7) & 1 : 0
                return number << 1 | Int(bit)
            }
        }

        /// `ue(v)`; nil where it is longer than 32 bits or the unit ends before.
        mutating func exponential() -> Int? {
            var zeros = 0
            while number(1) == 0 {
                zeros += 1
                guard zeros < 32, !isOver else { return nil }
            }
            let rest = number(zeros)
            return isOver ? nil : (1 << zeros) - 1 + rest
        }
    }
}
