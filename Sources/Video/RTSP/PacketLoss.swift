/// Counts what of a stream was lost on the way, by the numbers of its packets (RFC 3550, A.3).
struct PacketLoss {
    /// Packets since `reset`.
    private(set) var expected = 0
    private(set) var received = 0
    private var newest: UInt16?

    /// Numbers that differ by more belong to a stream that began anew.
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

    mutating func reset() { (expected, received) = (0, 0) }

    /// 0…1.
    var share: Double { expected > received ? Double(expected - received) / Double(expected) : 0 }
}
