public import Domain

/// A moment of a camera's timeline, with the clocks by which a later run can tell how long ago it was.
public struct MomentOfRecord: Sendable, Codable, Hashable {
    public let time: MediaTime
    public let clocks: HostClocks

    public init(_ time: MediaTime, on clocks: HostClocks = .now) {
        self.time = time
        self.clocks = clocks
    }

    /// Where the timeline stands now.
    ///
    /// Since the machine was started the clock that nobody can set tells it; after a restart of the machine only the
    /// date can. A date that went backwards meanwhile tells nothing: then no time has passed.
    public func time(on now: HostClocks) -> MediaTime {
        if let boot = now.boot, boot == clocks.boot, now.sinceBoot >= clocks.sinceBoot {
            return time + (now.sinceBoot - clocks.sinceBoot)
        }
        return time + max(0, now.date - clocks.date)
    }
}
