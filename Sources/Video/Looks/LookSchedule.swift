/// Who of many cameras is looked at next: whose promise ends first. A camera has one place at a time, from the decoding of
/// its picture to the end of its look.
///
/// Pure; times are seconds of one clock. Earliest deadline first keeps every deadline that any order could keep, where the
/// looks are short against their promises (Liu and Layland, 1973).
struct LookSchedule {
    struct Request: Sendable {
        /// Of the camera's asking; they grow.
        let id: UInt64
        /// When the promise ends.
        let deadline: Double
        /// From when on the promise counts as broken: the camera's next key frame could not have come before.
        let limit: Double
        /// No later picture would keep the promise. Otherwise this one is taken where there is room.
        let isPressing: Bool
    }

    /// Counts since the start.
    struct Load: Sendable, Equatable {
        /// Looks without which a promise would be broken, and those of them that had no place before their limit.
        var pressing = 0
        var late = 0
        /// Looks that were welcome and had no place.
        var declined = 0
        /// Seconds, of all places together.
        var busy = 0.0
    }

    let places: Int
    private(set) var taken = 0
    /// The next one last.
    private var queue: [Request] = []
    private var known = Load()
    private var changed = 0.0

    var waiting: Int { queue.count }

    init(places: Int) { self.places = max(1, places) }

    /// True where there is a place at once; else the camera waits for `end` to name it, or gives up.
    mutating func ask(_ request: Request, at now: Double) -> Bool {
        guard taken == places else {
            settle(now)
            taken += 1
            grant(request, now)
            return true
        }
        let index = queue.firstIndex { ($0.deadline, $0.id) < (request.deadline, request.id) } ?? queue.endIndex
        queue.insert(request, at: index)
        return false
    }

    /// A look has ended; returns who has its place now.
    mutating func end(at now: Double) -> UInt64? {
        settle(now)
        guard let next = queue.popLast() else {
            taken = max(0, taken - 1)
            return nil
        }
        grant(next, now)
        return next.id
    }

    /// False where it has got its place in the meantime.
    mutating func giveUp(_ id: UInt64, at now: Double) -> Bool {
        guard let index = queue.firstIndex(where: { $0.id == id }) else { return false }
        let request = queue.remove(at: index)
        if request.isPressing { grant(request, now) } else { known.declined += 1 }
        return true
    }

    func load(at now: Double) -> Load {
        var load = known
        load.busy += Double(taken) * max(0, now - changed)
        return load
    }

    private mutating func grant(_ request: Request, _ now: Double) {
        guard request.isPressing else { return }
        known.pressing += 1
        if now > request.limit { known.late += 1 }
    }

    private mutating func settle(_ now: Double) {
        known.busy += Double(taken) * max(0, now - changed)
        changed = now
    }
}
