/// Finds the largest number of cameras for which every promise is kept: by doubling or halving to bracket it, then by
/// bisection.
struct LimitSearch {
    private let most: Int
    private let first: Int
    /// The largest number that was kept, and the smallest that was not.
    private(set) var kept: Int?
    private(set) var broken: Int?

    /// Numbers closer than this, as a share, are equal: a run is no more precise.
    private static let precision = 0.02

    /// - Parameters:
    ///   - first: the start of the search.
    ///   - most: its upper limit.
    init(from first: Int, most: Int) {
        self.first = max(1, min(first, most))
        self.most = most
    }

    /// The next number to try; nil where the limit is known.
    var next: Int? {
        switch (kept, broken) {
        case (nil, nil): first
        case (let kept?, nil): kept >= most ? nil : min(most, kept * 2)
        case (nil, let broken?): broken <= 1 ? nil : broken / 2
        case (let kept?, let broken?):
            Double(broken - kept) <= max(1, Double(kept) * Self.precision) ? nil : (kept + broken) / 2
        }
    }

    /// 0 where not even one camera keeps its promises; nil where nothing was tried.
    var limit: Int? { kept ?? (broken == nil ? nil : 0) }

    mutating func note(_ cameras: Int, isKept: Bool) {
        if isKept { kept = max(kept ?? 0, cameras) } else { broken = min(broken ?? .max, cameras) }
    }
}

/// Start times of cameras that spread their key frames evenly, with a limited number of simultaneous connection
/// attempts.
enum Stagger {
    /// Cameras that start in one key frame interval.
    private static let group = 32

    /// Seconds after the first one.
    static func start(_ index: Int, of cameras: Int, keyInterval: Double) -> Double {
        let rounds = max(1, (cameras + group - 1) / group)
        let width = max(1, (cameras + rounds - 1) / rounds)
        let (round, place) = (index / width, index % width)
        // The key frames of a round lie between those of the others.
        return keyInterval * (Double(round) + (Double(place) + Double(round) / Double(rounds)) / Double(width))
    }
}
