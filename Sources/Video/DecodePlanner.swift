/// Decides for each packet whether it must be decoded, and for each picture whether it is looked at.
///
/// A picture between key frames needs every packet since the last key frame. So after a key frame packets are decoded
/// only as far as the last look that the promise needs before the next one; how far away that is, the longest of the last
/// groups of pictures tells. Where the next one does not come by then, the packets that were left out are needed after all,
/// and everything up to the next one.
///
/// While the camera is watched closely all is decoded, and there are burst frames between the looks, which come as before. What is
/// decoded all the same, or was left out a moment ago only, is taken at once; else it begins with the next key frame.
struct DecodePlanner {
    enum Choice: Equatable {
        case nothing
        case look
        case burstFrame
    }

    var attention = Attention.looks
    /// How long nobody needs a look; nil: as often as the sampling says.
    var rest: Rest?

    private let sampling: SamplingPolicy
    private let waitsAtFirst: Bool
    private var isAllDecoded = false
    private var lastKey: Double?
    private var firstKey: Double?
    /// Lengths of the newest groups of pictures, in seconds: one that a lost key frame made longer is soon forgotten.
    private var groups: [Double] = []
    var longestGroup: Double? { groups.max() }
    private var lastLook: Double?
    /// The last look or burst frame.
    private var lastChoice: Double?
    /// Looks that are still to be taken between the last key frame and the next one.
    private var looksLeft = 0
    /// The group of pictures goes on for longer than was planned: it is decoded to its end.
    private var isOverrun = false
    private var keyFramesStand = true
    /// When the first packet since the last key frame was left out.
    private var tornSince: Double?

    /// Time stamps jitter; a look may come by this much early.
    private static let slack = 0.02
    /// Seconds from one picture to the next when the camera is watched closely. A burst takes all that a camera of 25 or 30
    /// pictures a second sends: flicker of 12 Hz needs 24.
    private static func interval(_ attention: Attention) -> Double { attention == .burst ? 0.05 : 0.5 }
    /// Seconds since the first packet that was left out for which a burst is worth decoding them after all.
    private static let catchable = 0.5

    /// - Parameter waitsAtFirst: before the second key frame nobody knows how far apart they are; true lets the packets wait for
    ///   it as long as the promise allows, false decodes them all. Many cameras that start at once would not keep up with that.
    init(sampling: SamplingPolicy, waitsAtFirst: Bool = false) {
        self.sampling = sampling
        self.waitsAtFirst = waitsAtFirst
    }

    /// True where only key frames are decoded, each on its own.
    var isSparse: Bool { !isAllDecoded && !isOverrun && keyFramesSuffice }

    private var keyFramesSuffice: Bool {
        guard let promise else { return false }
        return longestGroup.map { $0 <= promise + Self.slack } ?? waitsAtFirst
    }

    /// Seconds from one look to the next, at most; nil where pictures are taken at a fixed interval.
    private var promise: Double? {
        guard case .keyFrames(let promise, _) = sampling else { return nil }
        // Of a file the looks in between are there for the taking.
        guard let rest, waitsAtFirst || !rest.welcomesMore else { return promise }
        return max(promise, rest.promise)
    }

    /// When the look that the newest key frame would bring is due.
    struct Due: Equatable {
        /// Until the promise ends, in seconds; negative where it has.
        let deadline: Double
        /// Until the promise counts as broken: by one key frame later.
        let limit: Double
        /// The next key frame would come too late.
        let isPressing: Bool
    }

    /// Of a key frame that is needed; `needs` was asked before. The first look comes as soon as it can: without it nobody knows
    /// whether the camera sees anything.
    func due(at time: Double) -> Due {
        let last = lastLook.flatMap { $0 <= time ? $0 : nil }
        let wait = last == nil ? sampling.longestRest : min(promise ?? 0, rest?.moment ?? .infinity)
        let deadline = (last ?? firstKey ?? time) + wait - time
        let group = longestGroup ?? 0
        return Due(
            deadline: deadline, limit: deadline + group, isPressing: last == nil || group > deadline + Self.slack)
    }

    /// Whether a packet must be decoded; where one is that is no key frame, all since the last key frame must.
    mutating func needs(isKey: Bool, at time: Double) -> Bool {
        if isKey { (isAllDecoded, isOverrun, tornSince) = (attention > .looks, !keyFramesStand, nil) }
        guard case .keyFrames(_, let interval) = sampling, let promise, keyFramesStand else {
            isAllDecoded = attention > .looks
            return true
        }
        guard isKey else {
            if isOverdue(at: time, promise) { goOn() }
            followAttention(at: time)
            let isNeeded = isAllDecoded || looksLeft > 0
            if !isNeeded { tornSince = tornSince ?? time }
            return isNeeded
        }
        if let lastKey, time > lastKey { groups = groups.suffix(3) + [time - lastKey] }
        lastKey = time
        firstKey = firstKey ?? time
        looksLeft = longestGroup.map { parts(of: $0, promise) - 1 } ?? (waitsAtFirst ? 0 : .max)
        return isAllDecoded || !isTooSoon(time, interval)
    }

    /// Between two key frames. The rest of a group of pictures is not decoded for a burst that is over.
    private mutating func followAttention(at time: Double) {
        if attention == .looks {
            isAllDecoded = false
        } else if !isAllDecoded, attention == .burst, let lastKey {
            isAllDecoded = time >= lastKey && time - (tornSince ?? time) <= Self.catchable
        }
    }

    /// From here to the next key frame all is decoded, and there is a look as often as the promise says.
    mutating func goOn() {
        isOverrun = true
        looksLeft = .max
    }

    /// What the stream calls key frames are no whole pictures (recovery points of a gradual refresh): all is decoded.
    mutating func distrustKeyFrames() {
        keyFramesStand = false
        goOn()
    }

    mutating func choose(isKey: Bool, at time: Double) -> Choice {
        if isDue(isKey: isKey, at: time) {
            lastChoice = time
            return .look
        }
        guard isAllDecoded, let last = lastChoice, time < last || time >= last + Self.interval(attention) - Self.slack
        else { return .nothing }
        lastChoice = time
        return .burstFrame
    }

    private mutating func isDue(isKey: Bool, at time: Double) -> Bool {
        let interval: Double
        switch sampling {
        case .every(let seconds): interval = seconds
        case .keyFrames(_, let least):
            let promise = promise ?? 0
            // In an overrun it is the key frame that was looked at already.
            guard !isKey || isOverrun else {
                guard !isTooSoon(time, least) else { return false }
                lastLook = time
                return true
            }
            guard looksLeft > 0 else { return false }
            interval = isOverrun ? promise : longestGroup.map { $0 / Double(parts(of: $0, promise)) } ?? promise
        }
        if let lastLook, time > lastLook - 1, time < lastLook + interval - Self.slack { return false }
        lastLook = time
        if looksLeft > 0, looksLeft < .max { looksLeft -= 1 }
        return true
    }

    /// True where a look is due and the key frame that was to bring it has not come.
    private func isOverdue(at time: Double, _ promise: Double) -> Bool {
        guard looksLeft == 0, let lastKey, time >= (lastLook ?? lastKey) + promise - Self.slack else { return false }
        return longestGroup.map { time > lastKey + $0 + Self.slack } ?? waitsAtFirst
    }

    /// Into how many equal parts a group of pictures is cut so that none is longer than the promise.
    private func parts(of group: Double, _ promise: Double) -> Int {
        max(1, Int(min(1e6, ((group - Self.slack) / promise).rounded(.up))))
    }

    /// - Parameter interval: seconds.
    private func isTooSoon(_ time: Double, _ interval: Double) -> Bool {
        guard let promise, keyFramesSuffice, let longestGroup, let lastLook, time > lastLook else { return false }
        // The last key frame that comes in time is taken, or the first one after the moment.
        if let rest, !rest.welcomesMore, time + longestGroup <= lastLook + rest.promise + Self.slack,
            time < lastLook + (rest.moment ?? .infinity) - Self.slack
        {
            return true
        }
        guard time < lastLook + interval - Self.slack else { return false }
        // After a look between key frames the next one may come too late. Where all come too soon, every other is taken.
        return longestGroup < interval - Self.slack || time + longestGroup <= lastLook + promise + Self.slack
    }
}

/// Which pictures are decoded.
public enum SamplingPolicy: Sendable, Hashable {
    /// Key frames; where they come more rarely than every `promise` seconds, as much in between as that needs.
    /// Key frames that come sooner than `interval` after the last look are not looked at.
    case keyFrames(promise: Double, interval: Double = 0)
    /// One picture every so many seconds; everything is decoded.
    case every(seconds: Double)

    /// Seconds between two looks, at most.
    public var longestRest: Double {
        switch self {
        case .every(let seconds): seconds
        case .keyFrames(let promise, let interval): max(promise, interval)
        }
    }

    /// Seconds within which a fault of the camera is stated: three looks, and with looks in their usual number 10 s.
    var longestFault: Double { max(10, longestRest * 3) }
}

/// For how long no look is needed, in seconds after the last one.
public struct Rest: Sendable, Equatable {
    /// The next look comes no later.
    public var promise: Double
    /// Something is to be decided then, and not before; nil where nothing is.
    public var moment: Double?
    /// Looks before that are taken as well, while there is time for them.
    public var welcomesMore: Bool

    public init(promise: Double, moment: Double? = nil, welcomesMore: Bool = false) {
        (self.promise, self.moment, self.welcomesMore) = (promise, moment, welcomesMore)
    }
}

/// How closely a camera is watched between its looks.
public enum Attention: Int, Sendable, Comparable {
    /// Not at all.
    case looks
    /// A burst frame every half second, for what drifts.
    case slowBurst
    /// Each picture, as fast as thirty a second, for what flickers.
    case burst

    public static func < (a: Attention, b: Attention) -> Bool { a.rawValue < b.rawValue }
}
