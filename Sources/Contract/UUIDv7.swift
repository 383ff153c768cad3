public import Foundation
import Synchronization

/// Ids that sort by time, after RFC 9562.
public enum UUIDv7 {
    private struct Clock {
        var milliseconds: UInt64 = 0
        var counter: UInt16 = 0
    }

    private static let clock = Mutex(Clock())

    /// A fresh id; within one process each is greater than the previous one, even where `date` steps back.
    public static func make(date: Date = Date()) -> UUID {
        let now = UInt64(max(0, min(date.timeIntervalSince1970, 8_000_000_000)) * 1000)
        let (milliseconds, counter) = clock.withLock { clock in
            if now > clock.milliseconds {
                clock.milliseconds = now
                // The top bit is left clear, so that a burst has room to count.
                clock.counter = .random(in: 0..<0x800)
            } else if clock.counter < 0xFFF {
                clock.counter += 1
            } else {
                clock.milliseconds += 1
                clock.counter = 0
            }
            return (clock.milliseconds, clock.counter)
        }
        let high = milliseconds << 16 | 0x7000 | UInt64(counter)
        let low = UInt64.random(in: 0...UInt64.max) & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
}

extension UUID {
    /// As in messages and topics.
    package var text: String { uuidString.lowercased() }
}
