/// Decides for each packet whether it must be decoded, and for each picture whether it is looked at.
///
/// A picture between key frames needs every packet since the last key frame. So after a key frame packets are decoded
/// only as far as the last look that the promise needs before the next one; how far away that is, the longest group of
/// pictures so far tells.
struct LookPlanner {
    private let cadence: Cadence
    private var lastKey: Double?
    private var longestGroup: Double?
    private var lastLook: Double?
    /// The last moment of this group of pictures at which a look is due.
    private var decodesUntil = -Double.infinity

    /// Time stamps jitter; a look may come by this much early.
    private static let slack = 0.02

    init(cadence: Cadence) { self.cadence = cadence }

    /// True where only key frames are decoded, each on its own.
    var isSparse: Bool {
        guard case .keyFrames(let promise) = cadence, let longestGroup else { return false }
        return longestGroup <= promise + Self.slack
    }

    mutating func needs(isKey: Bool, at time: Double) -> Bool {
        guard case .keyFrames(let promise) = cadence else { return true }
        if isKey {
            if let lastKey, time > lastKey { longestGroup = max(longestGroup ?? 0, time - lastKey) }
            lastKey = time
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
        case .keyFrames(let promise):
            guard !isKey else {
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
