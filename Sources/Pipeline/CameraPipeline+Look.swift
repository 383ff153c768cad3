public import Analytics
public import Domain
public import Evidence

extension CameraPipeline {
    /// An incident that changed, with the views that show it.
    public struct Change: Sendable {
        public let incident: Incident
        public let views: [EvidenceView]

        public init(incident: Incident, views: [EvidenceView]) {
            self.incident = incident
            self.views = views
        }
    }

    /// The result of one look.
    public struct Look: Sendable {
        public let time: MediaTime
        public let changes: [Change]
        public let detections: [Detection]
        public let findings: [Finding]
        public let judgement: ViewJudgement
        /// How well the zones with parking are seen.
        public var sharpness: [ZoneTiles.Sharpness] = []
        /// Limits of the judgement on these pictures, as text for the operator.
        public var remarks: [String] = []
        /// The camera's current preset; nil where it has none, or shows none of them.
        public var preset: String?
        /// Why the verification failed; the findings of this look are valid all the same.
        public var fault: (any Error)?
    }

    /// Counts and processor seconds since the start.
    public struct Costs: Sendable {
        public var looks = 0
        /// Pictures between the looks, while there may be smoke or flames.
        public var burstFrames = 0
        public var inferences = 0
        /// Pictures between two looks that were looked back at.
        public var past = 0
        public var gate = 0.0
        public var infer = 0.0
        /// The part of `infer` that tiles took.
        public var tiles = 0.0
        public var rest = 0.0

        package init() {}

        static func + (a: Costs, b: Costs) -> Costs {
            var sum = a
            (sum.looks, sum.burstFrames) = (a.looks + b.looks, a.burstFrames + b.burstFrames)
            (sum.inferences, sum.past, sum.gate) = (a.inferences + b.inferences, a.past + b.past, a.gate + b.gate)
            (sum.infer, sum.tiles, sum.rest) = (a.infer + b.infer, a.tiles + b.tiles, a.rest + b.rest)
            return sum
        }
    }
}
