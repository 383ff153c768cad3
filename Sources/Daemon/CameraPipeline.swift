public import Analytics
public import Evidence
public import Inference
public import Video

/// The path of a frame, from the picture to the incidents that it changed.
///
/// One camera, one owner. The daemon and the benchmark run this very code: live, each change goes to the outbox; on
/// recorded footage, into the score.
public struct CameraPipeline: ~Copyable {
    /// An incident that changed, with the pictures that show it.
    public struct Change: Sendable {
        public let incident: Incident
        public let images: [EvidenceImage]
    }

    /// What one look gave.
    public struct Look: Sendable {
        public let time: MediaTime
        public let changes: [Change]
        public let detections: [Detection]
        public let findings: [Finding]
        public let sight: SightJudgement
    }

    /// Counts and processor seconds since the start.
    public struct Costs: Sendable {
        public var looks = 0
        public var inferences = 0
        public var gate = 0.0
        public var infer = 0.0
        public var rest = 0.0
    }

    public private(set) var costs = Costs()
    /// What stands still now, for a later run.
    public var stays: [StaySnapshot] { tracker.snapshots }
    private let detector: ObjectDetector
    private var small = SmallPicture()
    private var sight = Sight()
    private var gate: Gate
    private var tracker: StayTracker
    private var rules: [any Rule]
    private var incidents: IncidentBook
    private var recorder: EvidenceRecorder?
    private var detections: [Detection] = []

    /// - Parameter restored: what stood still when the last run ended.
    public init(
        zones: [WatchedZone], detector: ObjectDetector, incidents: IncidentBook, recorder: EvidenceRecorder?,
        restored: [StaySnapshot] = [], minimumScore: Double = 0.35
    ) {
        self.detector = detector
        self.incidents = incidents
        self.recorder = recorder
        gate = Gate(zones: zones.map(\.zone.polygon))
        var settings = StayTracker.Settings()
        settings.birthScore = minimumScore
        tracker = StayTracker(settings: settings, restored: restored)
        rules = zones.flatMap { $0.rules(minimumScore: minimumScore) }
    }

    /// Takes one picture through gate, detector, tracker, rules and incidents.
    public mutating func look(at frame: Frame) async throws -> Look {
        var clock = threadSeconds()
        let picture = try small.picture(of: frame)
        let judgement = sight.judge(picture, at: frame.time)
        if judgement.hasNewAppearance { tracker.appearanceChanged(at: frame.time) }
        guard judgement.isClear else {
            // Zones rest: nothing begins, nothing ends, and what is open stays open.
            costs.looks += 1
            tracker.interrupt()
            return Look(time: frame.time, changes: [], detections: [], findings: [], sight: judgement)
        }
        let isAdmitted = gate.admits(picture, at: frame.time)
        costs.gate += threadSeconds() - clock
        if isAdmitted {
            let result = try await detector.detections(in: frame)
            detections = result.detections
            costs.infer += result.seconds
            costs.inferences += 1
        }
        clock = threadSeconds()
        defer { costs.rest += threadSeconds() - clock }
        costs.looks += 1
        let scene = Scene(time: frame.time, date: frame.date, detections: detections, picture: picture)
        let ended = tracker.update(with: scene)
        var findings: [Finding] = []
        for index in rules.indices {
            findings += rules[index].evaluate(scene, stays: tracker.stays, ended: ended)
        }
        var changes: [Change] = []
        for var incident in incidents.advance(findings, at: frame.time) {
            var images: [EvidenceImage] = []
            do { images = try recorder?.images(for: incident, findings: findings, in: frame) ?? [] } catch {
                // The book has already moved on: an alert without a picture is worth more than none.
                incident.why.append(.init(at: frame.time, what: "evidence could not be encoded"))
            }
            changes.append(Change(incident: incident, images: images))
        }
        // A first view that cannot be taken is only missing later.
        try? recorder?.note(findings, in: frame)
        return Look(time: frame.time, changes: changes, detections: detections, findings: findings, sight: judgement)
    }
}
