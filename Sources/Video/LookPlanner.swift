/// Decides for each packet whether it must be decoded, and for each picture whether it is looked at.
///
/// A picture between key frames needs every packet since the last key frame. So after a key frame packets are decoded
/// only as far as the last look that the promise needs before the next one; how far away that is, the longest of the last
/// groups of pictures tells.
struct LookPlanner {
    private let cadence: Cadence
    private var lastKey: Double?
    /// Lengths of the newest groups of pictures, in seconds: one that a lost key frame made longer is soon forgotten.
    private var groups: [Double] = []
    private var longestGroup: Double? { groups.max() }
    private var lastLook: Double?
    /// The last moment of this group of pictures at which a look is due.
    private var decodesUntil = -Double.infinity

    /// Time stamps jitter; a look may come by this much early.
    private static let slack = 0.02

    init(cadence: Cadence) { self.cadence = cadence }

    /// True where only key frames are decoded, each on its own.
    var isSparse: Bool {
        guard case .keyFrames(let promise, _) = cadence, let longestGroup else { return false }
        return longestGroup <= promise + Self.slack
    }

    mutating func needs(isKey: Bool, at time: Double) -> Bool {
        guard case .keyFrames(let promise, let rest) = cadence else { return true }
        if isKey {
            if let lastKey, time > lastKey { groups = groups.suffix(3) + [time - lastKey] }
            lastKey = time
            // Decoding what will not be looked at would be wasted where each key frame stands alone.
            if isSparse, let lastLook, time > lastLook, time < lastLook + rest - Self.slack { return false }
            decodesUntil = isSparse ? time : .infinity
            if let longestGroup, !isSparse {
                let looks = ((longestGroup - Self.slack) / promise).rounded(.up)
                decodesUntil = time + longestGroup * (looks - 1) / looks + 2 * Self.slack
            }
            return true
        }
        return time <= decodesUntil || lastKey.map { time - $0 > (longestGroup ?? 0) + promise } ?? true
    }

    mutating func wants(isKey: Bool, at time: Double) -> Bool {
        let interval: Double
        switch cadence {
        case .every(let seconds): interval = seconds
        case .keyFrames(let promise, let rest):
            guard !isKey else {
                if isSparse, let lastLook, time > lastLook, time < lastLook + rest - Self.slack { return false }
                lastLook = time
                return true
            }
            let looks = longestGroup.map { max(1, (($0 - Self.slack) / promise).rounded(.up)) }
            interval = looks.flatMap { looks in longestGroup.map { $0 / looks } } ?? promise
        }
        if let lastLook, time > lastLook - 1, time < lastLook + interval - Self.slack { return false }
        lastLook = time
        return true
    }
}
