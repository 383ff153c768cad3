public import Domain

/// The verdict of a rule on one place in one look.
public struct Finding: Sendable, Equatable {
    public enum Phase: Sendable, Equatable {
        /// In progress, below the threshold.
        case pending
        /// The threshold has passed and the object is visible.
        case standing
        /// The threshold has passed and the object is not visible now.
        case hidden
        /// The place has been seen without the object since `at`.
        case ended(at: MediaTime)
    }

    public let kind: AlertKind
    public let zone: String
    /// Identifies the place for the lifetime of the process; unique within kind and zone.
    public let place: Int
    public let phase: Phase
    public let firstSeen: MediaTime
    public let lastSeen: MediaTime
    /// Seconds that the zone allows.
    public let threshold: Double
    public let object: Incident.Object
    public let why: [Incident.Reason]

    var hasEnded: Bool { if case .ended = phase { true } else { false } }

    public init(
        kind: AlertKind, zone: String, place: Int, phase: Phase, firstSeen: MediaTime, lastSeen: MediaTime,
        threshold: Double, object: Incident.Object, why: [Incident.Reason] = []
    ) {
        self.kind = kind
        self.zone = zone
        self.place = place
        self.phase = phase
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.threshold = threshold
        self.object = object
        self.why = why
    }
}
