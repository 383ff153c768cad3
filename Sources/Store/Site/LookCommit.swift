public import Analytics
public import Contract
public import Domain
public import Foundation

/// All that one look changes. It stands or falls together: a kill can leave no checkpoint that says "reported" without the
/// report, and no report whose pictures nobody misses.
public struct LookCommit: Sendable {
    public struct Change: Sendable {
        public let incident: Incident
        /// Pictures of it are being made: that they are due is written with it.
        public let isEvidenceDue: Bool
        /// Makes the message about the incident as it is written, under the sequence that it will have.
        public let message: @Sendable (_ incident: Incident, _ sequence: Int64) throws -> AlertMessage

        public init(
            incident: Incident, isEvidenceDue: Bool = false,
            message: @escaping @Sendable (_ incident: Incident, _ sequence: Int64) throws -> AlertMessage
        ) {
            self.incident = incident
            self.isEvidenceDue = isEvidenceDue
            self.message = message
        }
    }

    /// From where a later run goes on.
    public struct Checkpoint: Sendable {
        /// At which of the camera's presets this is; nil for a camera without.
        public var preset: String?
        /// What is under way; nil leaves what was kept before.
        public var watch: WatchCheckpoint?
        /// What lies on the ground; nil leaves what was kept before.
        public var ground: BackgroundCheckpoint?
        /// What the camera sees; nil leaves what was kept before.
        public var view: ViewCheckpoint?
        /// The look, on the camera's timeline.
        public var moment: MomentOfRecord

        public init(
            preset: String? = nil, watch: WatchCheckpoint? = nil, ground: BackgroundCheckpoint? = nil,
            view: ViewCheckpoint? = nil, moment: MomentOfRecord
        ) {
            self.preset = preset
            self.watch = watch
            self.ground = ground
            self.view = view
            self.moment = moment
        }
    }

    /// What became of a change.
    public enum Outcome: Sendable {
        /// As it is on the disk now, and the message about it.
        case written(Incident, AlertMessage)
        /// A review had ended the incident before; nothing was written.
        case endedByReview
        /// It can never be written; the audit log tells of it.
        case givenUp(OutboxError)
    }

    public var camera: String
    public var changes: [Change]
    /// Incidents that a review had ended and whose objects have gone.
    public var unsuppressed: [UUID]
    public var checkpoint: Checkpoint?
    /// Messages whose pictures are due are held in the store, and all later ones behind them, until they are completed or
    /// released.
    public var isHeld: Bool

    public init(
        camera: String, changes: [Change] = [], unsuppressed: [UUID] = [], checkpoint: Checkpoint? = nil,
        isHeld: Bool = false
    ) {
        self.camera = camera
        self.changes = changes
        self.unsuppressed = unsuppressed
        self.checkpoint = checkpoint
        self.isHeld = isHeld
    }
}
