/// How long a step may take, in time of the clock or of work.
public enum TimeLimit: Sendable, Hashable {
    /// Seconds of the clock.
    case plain(Double)
    /// Seconds of work.
    case working(Double)
    /// Days of work.
    case workingDays(Int)

    /// Reads `10 min`, `36 h`, `2 d`, `2 wh` (hours of work), `1 wd` (days of work); nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let count = Int(parts[0]),
            (1...10_000).contains(count)
        else { return nil }
        switch parts[1] {
        case "min": self = .plain(Double(count) * 60)
        case "h": self = .plain(Double(count) * 3600)
        case "d": self = .plain(Double(count) * 86_400)
        case "wh": self = .working(Double(count) * 3600)
        case "wd": self = .workingDays(count)
        default: return nil
        }
    }
}
