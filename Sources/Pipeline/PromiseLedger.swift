/// How a camera keeps the promise of its looks, or a zone is seen as promised, over the measured time.
///
/// The sampling promises a look every `promise` seconds; the position of key frames depends on the camera, so a look
/// may be late by one key-frame interval. It is missed where more than both together, the `limit`, has passed since the
/// last look ended; each further promise that passes without one counts as another missed look. From the limit on the
/// camera is blind, until the next look has ended. Looks count when they end, since the picture is not evaluated
/// before.
package struct PromiseLedger: Sendable {
    package let promise: Double
    /// The longest time between two key frames, in seconds.
    package var keyInterval: Double
    private var limit: Double { promise + keyInterval }

    /// Looks required by the promise in the measured time: one for each whole promise.
    package private(set) var due = 0
    package private(set) var made = 0
    package private(set) var missed = 0
    /// Seconds.
    package private(set) var blind = 0.0
    /// Since when every look has come in time; nil before the first one.
    private var keptSince: Double?
    private var begin: Double?
    private var end: Double?
    private var last: Double?

    /// - Parameter keyInterval: longest key-frame interval in seconds.
    package init(promise: Double, keyInterval: Double) { (self.promise, self.keyInterval) = (promise, keyInterval) }

    package var isMeasuring: Bool { begin != nil && end == nil }

    /// The measurement starts. A camera without any look so far is blind from here on.
    package mutating func begin(at time: Double) { begin = time }

    /// A look has ended.
    package mutating func looked(at time: Double) {
        if keptSince == nil || last.map({ time > $0 + limit }) == true { keptSince = time }
        if isMeasuring {
            settle(until: time)
            made += 1
        }
        last = time
    }

    /// Seconds for which every look has come in time; 0 before the first look, and while one is overdue.
    package func kept(until time: Double) -> Double {
        guard let last, let keptSince, time <= last + limit else { return 0 }
        return time - keptSince
    }

    package mutating func end(at time: Double) {
        guard isMeasuring, let begin else { return }
        settle(until: time)
        due = Int(max(0, time - begin) / promise)
        end = time
    }

    /// With what no look has settled yet.
    package func blind(until time: Double) -> Double {
        var copy = self
        copy.settle(until: time)
        return copy.blind
    }

    private mutating func settle(until time: Double) {
        guard let begin else { return }
        let deadline = last.map { $0 + limit } ?? begin
        blind += max(0, time - max(begin, deadline))
        func passed(_ moment: Double) -> Int { max(0, Int(((moment - deadline) / promise).rounded(.up))) }
        missed += max(0, passed(time) - passed(begin))
    }
}
