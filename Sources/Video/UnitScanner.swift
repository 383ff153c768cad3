/// Finds the parameter sets in the units of a stream as libav sees them: a single unit may contain others after start
/// codes, and a fragment may end in the middle of one.
struct UnitScanner {
    private let encoding: PacketScreen.Encoding
    /// Zeros directly before the next byte, two at most.
    private var zeros = 0
    /// The first bytes of a parameter set, while it arrives.
    private var unit: [UInt8] = []
    private var isCollecting = true
    private var found: [[UInt8]] = []
    private var begun = 0

    /// Enough for the size that H.265 states after its profiles and levels.
    private static let mostBytes = 192

    init(_ encoding: PacketScreen.Encoding) { self.encoding = encoding }

    static func kind(_ header: UInt8, _ encoding: PacketScreen.Encoding) -> UInt8 {
        encoding == .h264 ? header & 31 : header >> 1 & 63
    }

    /// Whether a unit with this header is a set of parameters (ITU-T H.264 and H.265, table 7-1).
    static func isParameters(_ header: UInt8, _ encoding: PacketScreen.Encoding) -> Bool {
        let kind = kind(header, encoding)
        return encoding == .h264 ? [7, 8, 13, 15].contains(kind) : (32...34).contains(kind)
    }

    private var isParameters: Bool { unit.first.map { Self.isParameters($0, encoding) } ?? false }

    /// A start code: the preceding unit is complete.
    mutating func begin() {
        if isCollecting, isParameters { found.append(unit) }
        unit.removeAll(keepingCapacity: true)
        (zeros, isCollecting) = (0, true)
    }

    mutating func take(_ bytes: UnsafeRawBufferPointer) {
        for byte in bytes {
            if byte == 1, zeros == 2 {
                begin()
                continue
            }
            zeros = byte == 0 ? min(2, zeros + 1) : 0
            guard isCollecting else { continue }
            unit.append(byte)
            if unit.count == 1 {
                isCollecting = isParameters
                if isCollecting { begun += 1 }
            } else if unit.count == Self.mostBytes {
                found.append(unit)
                isCollecting = false
            }
        }
    }

    /// How many sets have started since the last call.
    mutating func takeBegun() -> Int {
        defer { begun = 0 }
        return begun
    }

    /// The relevant complete sets since the last call.
    mutating func takeFound() -> [[UInt8]] {
        defer { found.removeAll(keepingCapacity: true) }
        return found
    }
}
