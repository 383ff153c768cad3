public import Analytics
public import Contract
public import Domain
public import Foundation

/// All changes of one look. Committed atomically: no checkpoint without its report, no report without a record of its
/// pending pictures.
public struct LookCommit: Sendable {
    public struct Change: Sendable {
        public let incident: Incident
        /// Whether pictures are being made; recorded in the same transaction.
        public let isEvidenceDue: Bool
        /// Makes the message about the incident as it is written, with its sequence.
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

    /// State from which a later run resumes.
    public struct Checkpoint: Sendable {
        /// The camera's preset; nil for a camera without presets.
        public var preset: String?
        /// Nil keeps the stored one.
        public var watch: WatchCheckpoint?
        /// Nil keeps the stored one.
        public var ground: BackgroundCheckpoint?
        /// Nil keeps the stored one.
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

    /// The result of a change.
    public enum Outcome: Sendable {
        /// The incident as it is on the disk now, and the message about it.
        case written(Incident, AlertMessage)
        /// A review had ended the incident before; nothing was written.
        case endedByReview
        /// It can never be written; recorded in the audit log.
        case givenUp(OutboxError)
    }

    public var camera: String
    public var changes: [Change]
    /// Incidents ended by a review whose objects have gone.
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
