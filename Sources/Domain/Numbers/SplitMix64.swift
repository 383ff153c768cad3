/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers for a seed on every machine.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    @usableFromInline var state: UInt64

    @inlinable public init(seed: UInt64) { state = seed }

    /// A separate generator for each part of a long run, so that a part does not depend on earlier requests.
    @inlinable public init(seed: UInt64, part: Int, _ what: UInt64) {
        var mixed = SplitMix64(seed: seed &+ what &* 0xd1b5_4a32_d192_ed03 &+ UInt64(truncatingIfNeeded: part))
        state = mixed.next()
    }

    @inlinable public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
