public import Analytics
public import Evidence
public import Inference
public import Video

/// The path of a frame, from the picture to the incidents that it changed.
///
/// One camera, one owner. The daemon and the benchmark run this very code: live, each change goes to the outbox; on
/// recorded footage, into the score.
public struct CameraPipeline: ~Copyable {
    /// An incident that changed, with the views that show it.
    public struct Change: Sendable {
        public let incident: Incident
        public let views: [EvidenceView]
    }

    /// What one look gave.
    public struct Look: Sendable {
        public let time: MediaTime
        public let changes: [Change]
        public let detections: [Detection]
        public let findings: [Finding]
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
        let vehicles = detections.filter { $0.objectClass.isPlated }.map(\.box)
        var changes = incidents.advance(findings, at: frame.time).map { incident in
            Change(
                incident: incident,
                views: recorder?.views(for: incident, findings: findings, vehicles: vehicles, in: frame) ?? [])
        }
        for finding in recorder?.due(findings, at: frame.time) ?? [] {
            guard let incident = incidents.revise(finding, at: frame.time, why: "seen again for the evidence") else {
                continue
            }
            changes.append(
                Change(
                    incident: incident,
                    views: recorder?.views(for: incident, findings: findings, vehicles: vehicles, in: frame) ?? []))
        }
        recorder?.note(findings, vehicles: vehicles, in: frame)
        return Look(time: frame.time, changes: changes, detections: detections, findings: findings)
    }
}
