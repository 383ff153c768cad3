public import Analytics
public import Domain
public import Evidence
public import Foundation
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

        public init(incident: Incident, views: [EvidenceView]) {
            self.incident = incident
            self.views = views
        }
    }

    /// What one look gave.
    public struct Look: Sendable {
        public let time: MediaTime
        public let changes: [Change]
        public let detections: [Detection]
        public let findings: [Finding]
        public let judgement: ViewJudgement
        /// How the zones with parking are seen.
        public var sharpness: [ZoneTiles.Sharpness] = []
        /// What cannot be judged of these pictures, in words for the operator.
        public var remarks: [String] = []
        /// The preset that the camera is at; nil where it has none, or shows none of them.
        public var preset: String?
        /// Why the verification failed; what the rules said of this look holds all the same.
        public var fault: (any Error)?
    }

    /// Counts and processor seconds since the start.
    public struct Costs: Sendable {
        public var looks = 0
        /// Between the looks, while something may be smoke or flames.
        public var burstFrames = 0
        public var inferences = 0
        /// Pictures between two looks that were looked back at.
        public var past = 0
        public var gate = 0.0
        public var infer = 0.0
        /// Of `infer`, what tiles took.
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

    public private(set) var costs = Costs()
    /// What stands still, by its number.
    package var standing: [Int] { tracker.stays.filter(\.isEstablished).map(\.id) }
    /// What lies on the ground, or may.
    package var lying: [LeftObject] { ground?.lying ?? [] }
    /// Whether a rule asks what the ground looks like, and that is known.
    package var knowsGround: Bool { ground?.isKnown ?? false }
    /// What drifts over the ground, or may, by its number.
    package var drifting: [Int] { smoke?.plumes.map(\.id) ?? [] }
    /// What pictures between the looks are wanted now.
    public var attention: Attention { flames?.wantsBurst == true ? .burst : slowBurst.isOn ? .slowBurst : .looks }
    /// How long no look is needed after the last one; nil: as often as the camera's sampling says.
    public private(set) var rest: Rest?
    /// Whether the camera's view has been learnt.
    package var knowsView: Bool { monitor.isKnown }
    /// What became of the ground that an earlier run had kept.
    public var groundRestoration: GroundRestoration { ground?.restoration ?? .none }
    private let detector: ObjectDetector
    private var small: SmallPicture
    private var monitor: ViewMonitor
    private var gate: MotionGate
    private var tracker: StationaryObjectTracker
    /// Nil where no rule asks what lies on the ground.
    private var ground: LeftObjectDetector?
    /// Nil where no rule asks for smoke.
    private var smoke: SmokeWatcher?
    /// Nil where no rule asks for smoke.
    private var flames: FlameWatcher?
    var slowBurst = SlowBurstBudget()
    /// When the smoke's watcher was given a picture last.
    private var smokeSeen: MediaTime?
    private var lastJudgement: ViewJudgement?
    /// Looks in a row that say otherwise than `isColourless`.
    private var otherwise = 0
    private var isColourless = false
    private var rules: RuleSet
    private var incidents: IncidentBook
    private var recorder: EvidenceRecorder?
    private let classifier: ExplanationClassifier?
    /// Looks at a part of a picture enlarged.
    var enlarge: @Sendable (Frame, Box) async throws -> ObjectDetector.Result
    /// Whether the detector has time for a tile.
    package var hasTime: @Sendable () -> Bool = { true }
    private var tiles: ZoneTiles
    /// What the rules allow while nothing happens, in seconds; nil where they need every look.
    private let longestRest: Double?
    /// What the whole picture showed, and with it what tiles showed.
    private var whole: [Detection] = []
    private var detections: [Detection] = []

    /// - Parameters:
    ///   - restored: what stood still and was under way when the last run ended.
    ///   - restoredGround: the ground then, and what lay there.
    ///   - views: what the camera saw then, on which the zones were drawn.
    ///   - presets: see `ViewMonitor`.
    public init(
        zones: [WatchedZone], detector: ObjectDetector, incidents: IncidentBook, recorder: EvidenceRecorder?,
        classifier: ExplanationClassifier? = nil,
        restored: WatchCheckpoint? = nil, restoredGround: BackgroundCheckpoint? = nil, views: [ViewCheckpoint] = [],
        presets: [String] = [], minimumScore: Double = 0.35, hasTiles: Bool = true
    ) {
        monitor = ViewMonitor(known: views, presets: presets)
        self.detector = detector
        enlarge = { try await detector.detections(in: $0, part: $1) }
        self.incidents = incidents
        self.recorder = recorder
        self.classifier = classifier
        tiles = ZoneTiles(zones: zones.withParking, isOn: hasTiles)
        // A camera that turns may show another preset at any time.
        longestRest = presets.isEmpty ? zones.rest : nil
        gate = MotionGate(zones: zones.map(\.zone.polygon))
        var settings = StationaryObjectTracker.Settings()
        settings.birthScore = minimumScore
        tracker = StationaryObjectTracker(settings: settings, restored: restored)
        let withGround = zones.filter { $0.rules.needs.contains(.ground) }
        ground =
            withGround.isEmpty
            ? nil : LeftObjectDetector(zones: withGround.map(\.zone.polygon), restored: restoredGround)
        smoke = zones.contains { $0.rules.needs.contains(.smoke) } ? SmokeWatcher(restored: restored) : nil
        flames = smoke.map { _ in FlameWatcher() }
        small = SmallPicture(isColoured: zones.contains { $0.rules.needs.contains(.colour) })
        rules = RuleSet(
            zones.flatMap { $0.rules.rules(in: $0.zone, minimumScore: minimumScore) }, restored: restored)
    }

    /// What stands still and is under way, for a later run.
    ///
    /// - Parameter time: of the newest look.
    public func checkpoint(at time: MediaTime) -> WatchCheckpoint {
        WatchCheckpoint(time: time, tracker: tracker, rules: rules, smoke: smoke)
    }

    /// What a later run needs of the ground; nil while it is not known.
    ///
    /// - Parameter time: of the newest look.
    package func backgroundCheckpoint(at time: MediaTime) -> BackgroundCheckpoint? {
        ground?.checkpoint(at: time)
    }

    /// What a later run needs to recognise the view; nil while it is not known.
    package func viewCheckpoint() -> ViewCheckpoint? { monitor.checkpoint }

    /// How much a small picture is like the view that was known before; nil where it shows another one, or none.
    func likeness(of picture: GreyImage) -> Double? { monitor.likeness(of: picture) }

    /// The camera looks elsewhere for a while: as if it were blind.
    ///
    /// - Parameter views: by which it is recognised when it is back.
    mutating func leave(views: [ViewCheckpoint], at time: MediaTime) {
        monitor.leave(known: views)
        lastJudgement = nil
        tracker.interrupt()
        flames?.interrupt()
        incidents.interrupt(at: time)
    }

    /// Whether the incident is open here.
    func holds(_ incident: UUID) -> Bool { incidents.holds(incident) }

    /// How the zones with parking are seen.
    var sharpness: [ZoneTiles.Sharpness] { tiles.sharpness }

    /// A review has ended the incident; its object is passed over until it has gone.
    public mutating func settle(_ incident: UUID) { incidents.settle(incident) }

    /// The settled incidents whose objects have gone since the last call.
    public mutating func takeReleased() -> [UUID] { incidents.takeReleased() }

    /// Takes one picture through gate, detector, tracker, rules and incidents.
    public mutating func look(at frame: Frame) async throws -> Look {
        if frame.isBurstFrame, let lastJudgement { return try burstFrame(at: frame, lastJudgement) }
        gate.longestRest = max(MotionGate.usualRest, (rest?.promise ?? 0) * Self.restsUnasked)
        rest = nil
        var clock = threadSeconds()
        let (picture, chroma) = try small.picture(of: frame)
        let judgement = monitor.judge(picture, at: frame.time)
        lastJudgement = judgement
        if judgement.hasNewAppearance {
            tracker.appearanceChanged(at: frame.time)
            ground?.appearanceChanged()
        }
        guard judgement.isClear else {
            // Zones rest: nothing begins, nothing ends, and what is open stays open.
            costs.looks += 1
            costs.gate += threadSeconds() - clock
            tracker.interrupt()
            flames?.interrupt()
            incidents.interrupt(at: frame.time)
            // Pictures between the looks would show nothing either, however long it lasts.
            slowBurst.decide(false, at: frame.time)
            return Look(
                time: frame.time, changes: [], detections: [], findings: [], judgement: judgement,
                sharpness: tiles.sharpness, remarks: remarks)
        }
        let isAdmitted = gate.admits(picture, at: frame.time, isWanted: tracker.isInDoubt)
        costs.gate += threadSeconds() - clock
        if isAdmitted {
            let result: ObjectDetector.Result
            do { result = try await detector.detections(in: frame) } catch {
                // What the detector said of an earlier picture must not stand for this one, nor for those like it.
                gate.forget()
                throw error
            }
            whole = result.detections
            costs.infer += result.seconds
            costs.inferences += 1
        }
        let tileFault = await lookIntoTile(of: frame, hasChanged: isAdmitted)
        detections = tiles.joined(with: whole)
        costs.looks += 1
        var scene = Scene(
            time: frame.time, date: frame.date, detections: detections, picture: picture, chroma: chroma,
            unasked: tiles.unseen)
        if let past = frame.past { scene.past = await lookBack(into: past, from: frame, scene) }
        clock = threadSeconds()
        let ended = tracker.update(with: scene)
        let burning = flames?.update(with: scene) ?? []
        var objects =
            ground?.update(
                with: scene, stays: tracker.stays, ended: ended, hazes: smoke?.hazes ?? [],
                plumes: (smoke?.plumes ?? []) + burning.filter { $0.certainty > 0 }) ?? []
        smokeSeen = frame.time
        let plumes = ground.flatMap { smoke?.update(with: $0, at: frame.time) } ?? []
        slowBurst.decide(smoke?.isUndecided ?? false, at: frame.time)
        if let chroma, flames != nil { judgeColour(chroma) }
        costs.rest += threadSeconds() - clock
        // A stay that ended is told once: nothing may fail between the tracker and the rules.
        let fault = await verify(in: frame) ?? tileFault
        objects = ground?.refreshed(objects) ?? objects
        clock = threadSeconds()
        defer { costs.rest += threadSeconds() - clock }
        let look = Observation(
            scene: scene, stays: tracker.stays, ended: ended, objects: objects, plumes: plumes,
            flames: burning)
        let findings = rules.evaluate(look)
        let vehicles = detections.filter { $0.objectClass.isPlated }.map(\.box)
        var advanced = incidents.advance(findings, at: frame.time)
        for index in advanced.indices where advanced[index].state == .opened {
            guard let reason = await classifier?.reason(for: advanced[index], in: frame) else { continue }
            advanced[index].why.append(reason)
            incidents.explain(advanced[index].id, reason)
        }
        func change(_ incident: Incident) -> Change {
            Change(
                incident: incident,
                views: recorder?.views(for: incident, findings: findings, vehicles: vehicles, in: frame) ?? [])
        }
        var changes = advanced.map(change)
        for finding in recorder?.due(findings, at: frame.time) ?? [] {
            let revised = incidents.revise(finding, at: frame.time, why: "seen again for the evidence")
            if let revised { changes.append(change(revised)) }
        }
        recorder?.note(findings, vehicles: vehicles, in: frame)
        if fault == nil { decideRest(findings, at: frame.time) }
        return Look(
            time: frame.time, changes: changes, detections: detections, findings: findings, judgement: judgement,
            sharpness: tiles.sharpness, remarks: remarks, fault: fault)
    }

    /// A detector that has seen nothing change for so many times the rest looks again.
    private static let restsUnasked = 3.0
    /// Seconds after its threshold in which a thing is looked at as often as ever: a look may be missing that tells.
    private static let decision = 10.0

    /// While nothing is in doubt, the next look is needed when a dwell is over, or when the promise says.
    private mutating func decideRest(_ findings: [Finding], at time: MediaTime) {
        guard let longestRest, monitor.isKnown, tracker.isCertain, !incidents.isRestoring,
            recorder?.isWaiting(for: findings) != true, flames == nil
        else { return }
        let thresholds = findings.filter { $0.phase == .pending }.map { $0.firstSeen + $0.threshold - time }
        guard !thresholds.contains(where: { -Self.decision..<0 ~= $0 }) else { return }
        let promise = longestRest / Double(1 + tiles.pending)
        rest = Rest(promise: promise, moment: thresholds.filter { $0 >= 0 }.min())
    }

    /// Looks back at what was found for the first time: since when it has stood there. By halves, in the pictures alone; what
    /// moves is not even in the newest of them.
    private mutating func lookBack(into past: PastPictures, from frame: Frame, _ scene: Scene) async -> [Scene.Past] {
        var known: [Int: Scene.Past] = [:]
        for box in tracker.newcomers(in: scene) {
            var (without, with) = (-1, past.count)
            var next = past.count - 1
            while without + 1 < with {
                if known[next] == nil {
                    guard let earlier = await PastReader.shared.picture(next, of: past, before: frame),
                        let picture = try? small.picture(of: earlier).luma
                    else { break }
                    costs.past += 1
                    known[next] = Scene.Past(time: earlier.time, picture: picture)
                }
                guard let earlier = known[next] else { break }
                if tracker.shows(earlier.picture, in: box, theSameAs: scene.picture) {
                    with = next
                } else {
                    without = next
                }
                next = (without + with) / 2
            }
        }
        return known.sorted { $0.key < $1.key }.map(\.value)
    }

    private var remarks: [String] { isColourless ? [Self.colourless] : [] }
    private static let colourless = "its pictures have no colour: of fire only smoke can be told"
    /// Looks in a row after which a picture that has, or has not, colour is the rule.
    private static let colourLooks = 3

    private mutating func judgeColour(_ chroma: Chroma) {
        otherwise = chroma.isColourless == isColourless ? 0 : otherwise + 1
        if otherwise >= Self.colourLooks { (isColourless, otherwise) = (!isColourless, 0) }
    }

    /// Seconds from one picture to the next that smoke is looked for in: the ground's model is dear.
    private static let smokeInterval = 0.45

    /// Takes a picture between two looks: only what drifts and what flickers need it.
    private mutating func burstFrame(at frame: Frame, _ judgement: ViewJudgement) throws -> Look {
        let clock = threadSeconds()
        defer { costs.rest += threadSeconds() - clock }
        costs.burstFrames += 1
        if judgement.isClear, let ground {
            let (picture, chroma) = try small.picture(of: frame)
            let scene = Scene(
                time: frame.time, date: frame.date, detections: detections, picture: picture, chroma: chroma)
            flames?.take(burstFrame: scene)
            if slowBurst.isOn, smokeSeen.map({ !(0..<Self.smokeInterval ~= frame.time - $0) }) ?? true {
                smoke?.take(burstFrame: scene, over: ground)
                smokeSeen = frame.time
            }
        }
        return Look(time: frame.time, changes: [], detections: detections, findings: [], judgement: judgement)
    }

    /// One part a look, in which vehicles are small. Returns why it failed: it is looked at in one of the next looks.
    private mutating func lookIntoTile(of frame: Frame, hasChanged: Bool) async -> (any Error)? {
        let input = detector.model.input(width: frame.width, height: frame.height)
        let next = tiles.next(
            width: frame.width, height: frame.height, input: (input.width, input.height), hasChanged: hasChanged)
        guard let next, hasTime() else { return nil }
        do {
            let result = try await enlarge(frame, next)
            costs.infer += result.seconds
            costs.tiles += result.seconds
            costs.inferences += 1
            tiles.take(result.detections)
            return nil
        } catch { return error }
    }

    /// Around a thing, in shares of its size, so that the detector sees it in its surroundings.
    private static let surroundings = 1.0
    /// The least part of the picture that a verification takes in, as a share of its sides.
    private static let leastPart = 0.2

    /// Before a thing is spoken of, the detector looks at it enlarged: what it then takes for a vehicle or a person was
    /// too small for it before. One thing a look, which bounds the cost. Returns why it failed: the next look tries again.
    private mutating func verify(in frame: Frame) async -> (any Error)? {
        guard let thing = ground?.due(at: frame.time) else { return nil }
        let box = thing.box.grown(by: Self.surroundings)
        let short = max(Self.leastPart / max(box.width, 1e-6), Self.leastPart / max(box.height, 1e-6))
        do {
            let result = try await enlarge(frame, box.grown(by: max(0, (short - 1) / 2)))
            costs.infer += result.seconds
            costs.inferences += 1
            ground?.identify(thing.id, by: result.detections, at: frame.time)
            return nil
        } catch { return error }
    }
}
