package import Domain

/// When the view of a camera is kept anew: once it is known, and now and then, for light and seasons change it.
package struct ViewKeeping {
    /// Seconds; about 12 kB each time.
    private static let every = 3600.0

    private var kept: MediaTime?

    package mutating func isDue(at time: MediaTime) -> Bool {
        if let kept, time - kept < Self.every { return false }
        kept = time
        return true
    }
}
