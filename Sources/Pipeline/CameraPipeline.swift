public import Analytics
public import Domain
public import Evidence
public import Foundation
public import Inference
public import Video

/// The path of a frame, from the picture to the incidents that it changed.
///
/// Owned by one camera. The daemon and the benchmark use the same code: live, each change goes to the outbox; on
/// recorded footage, into the score.
public struct CameraPipeline: ~Copyable {
    public private(set) var costs = Costs()
    /// The ids of stationary objects.
    package var standing: [Int] { tracker.stationary.filter(\.isEstablished).map(\.id) }
    /// Objects and candidates on the ground.
    package var lying: [LeftObject] { leftObjects?.lying ?? [] }
    /// Whether a rule needs the background, and it is known.
    package var knowsBackground: Bool { leftObjects?.isKnown ?? false }
    /// The ids of plumes and candidates over the ground.
    package var drifting: [Int] { smoke?.plumes.map(\.id) ?? [] }
    /// The pictures that are wanted between the looks.
    public var attention: Attention {
        !shed.isEmpty ? .looks : flames?.wantsBurst == true ? .burst : slowBurst.isOn ? .slowBurst : .looks
    }
    /// How long no look is needed after the last one; nil: as often as the camera's sampling says.
    public private(set) var rest: Rest?
    /// What stands and lies is noted there, for zones that are being drawn; nil where nobody asks.
    package var stays: StayLog?
    /// See `ViewMonitor`.
    package var viewOffset: Point? { monitor.offset }
    /// Whether the camera's view has been learnt.
    package var knowsView: Bool { monitor.isKnown }
    /// Whether the view, or how large vehicles are in a part of it, is still to be learnt: it looks more often than it will.
    package var isLearning: Bool { !monitor.isKnown || tiles.isBeginning }
    /// Whether the background model of an earlier run was restored.
    public var backgroundRestoration: BackgroundRestoration { leftObjects?.restoration ?? .none }
    private let detector: ObjectDetector
    private var small: SmallPicture
    private var monitor: ViewMonitor
    private var gate: MotionGate
    private var tracker: StationaryObjectTracker
    /// Nil where no rule needs objects on the ground.
    private var leftObjects: LeftObjectDetector?
    /// Nil where no rule needs smoke.
    private var smoke: SmokeWatcher?
    /// Nil where no rule needs smoke.
    private var flames: FlameWatcher?
    var slowBurst = SlowBurstBudget()
    /// When the smoke watcher last got a picture.
    private var smokeSeen: MediaTime?
    private var lastJudgement: ViewJudgement?
    /// Consecutive looks that contradict `isColourless`.
    private var otherwise = 0
    private var isColourless = false
    private var rules: RuleSet
    private var incidents: IncidentBook
    private var recorder: EvidenceRecorder?
    private let classifier: ExplanationClassifier?
    /// Runs the detector on an enlarged part of a picture.
    var enlarge: @Sendable (Frame, Box) async throws -> ObjectDetector.Result
    /// Whether the detector has time for a tile.
    package var hasTime: @Sendable () -> Bool = { true }
    private var tiles: ZoneTiles
    /// What the rules allow while nothing happens, in seconds; nil where they need every look.
    private var longestRest: Double?
    private let zones: [WatchedZone]
    private let hasPresets: Bool
    /// Detections in the whole picture, and those together with the tiles.
    private var whole: [Detection] = []
    private var hints: [Detection] = []
    private var detections: [Detection] = []

    /// - Parameters:
    ///   - restored: stationary objects and the state of the rules at the end of the last run.
    ///   - restoredBackground: the background model of that time, and the objects on the ground.
    ///   - views: the view of that time, on which the zones were drawn.
    ///   - presets: see `ViewMonitor`.
    public init(
        zones: [WatchedZone], detector: ObjectDetector, incidents: IncidentBook, recorder: EvidenceRecorder?,
        classifier: ExplanationClassifier? = nil,
        restored: WatchCheckpoint? = nil, restoredBackground: BackgroundCheckpoint? = nil, views: [ViewCheckpoint] = [],
        presets: [String] = [], minimumScore: Double = 0.35, hasTiles: Bool = true
    ) {
        monitor = ViewMonitor(known: views, presets: presets)
        self.detector = detector
        enlarge = { try await detector.detections(in: $0, part: $1) }
        self.incidents = incidents
        self.recorder = recorder
        self.classifier = classifier
        tiles = ZoneTiles(zones: zones.withParking, isOn: hasTiles)
        self.zones = zones
        hasPresets = !presets.isEmpty
        gate = MotionGate(zones: zones.map(\.zone.polygon))
        var settings = StationaryObjectTracker.Settings()
        settings.birthScore = minimumScore
        tracker = StationaryObjectTracker(settings: settings, restored: restored)
        let withBackground = zones.filter { $0.rules.needs.contains(.ground) }
        leftObjects =
            withBackground.isEmpty
            ? nil : LeftObjectDetector(zones: withBackground.map(\.zone.polygon), restored: restoredBackground)
        smoke = zones.contains { $0.rules.needs.contains(.smoke) } ? SmokeWatcher(restored: restored) : nil
        flames = smoke.map { _ in FlameWatcher() }
        small = SmallPicture(isColoured: zones.contains { $0.rules.needs.contains(.colour) })
        longestRest = Self.longestRest(zones, hasPresets, without: [])
        if let longestRest, restored == nil, !incidents.isRestoring {
            rest = Rest(promise: longestRest, welcomesMore: true)
        }
        rules = RuleSet(
            zones.flatMap { $0.rules.rules(in: $0.zone, minimumScore: minimumScore) }, restored: restored)
    }

    /// A camera that turns may show another preset at any time.
    private static func longestRest(
        _ zones: [WatchedZone], _ hasPresets: Bool, without shed: Set<AlertKind>
    ) -> Double? {
        hasPresets ? nil : zones.rest(without: shed)
    }

    /// Kinds for which no look is promised for now. Incidents of those that need every look do not begin meanwhile: what
    /// they are judged by was not measured with fewer.
    package var shed: Set<AlertKind> = [] {
        didSet {
            guard shed != oldValue else { return }
            longestRest = Self.longestRest(zones, hasPresets, without: shed)
            incidents.suspended = shed.filter { Rules[$0]?.isPatient != true }
        }
    }

    /// Stationary objects and the state of the rules, for a later run.
    ///
    /// - Parameter time: of the newest look.
    public func checkpoint(at time: MediaTime) -> WatchCheckpoint {
        WatchCheckpoint(time: time, tracker: tracker, rules: rules, smoke: smoke)
    }

    /// The background for a later run; nil while it is unknown.
    ///
    /// - Parameter time: of the newest look.
    package func backgroundCheckpoint(at time: MediaTime) -> BackgroundCheckpoint? {
        leftObjects?.checkpoint(at: time)
    }

    /// The view by which a later run recognises it; nil while it is unknown.
    package func viewCheckpoint() -> ViewCheckpoint? { monitor.checkpoint }

    /// The likeness of a small picture to the known view; nil where it shows another one, or none.
    func likeness(of picture: GreyImage) -> Double? { monitor.likeness(of: picture) }

    /// The camera shows another view for a while; handled as if it were blind.
    ///
    /// - Parameter views: by which it is recognised when it returns.
    mutating func leave(views: [ViewCheckpoint], at time: MediaTime) {
        monitor.leave(known: views)
        lastJudgement = nil
        tracker.interrupt()
        flames?.interrupt()
        incidents.interrupt(at: time)
    }

    /// Whether the incident is open here.
    func holds(_ incident: UUID) -> Bool { incidents.holds(incident) }

    /// How well the zones with parking are seen.
    var sharpness: [ZoneTiles.Sharpness] { tiles.sharpness }

    /// A review has ended the incident; its object is ignored until it has gone.
    public mutating func suppress(_ incident: UUID) { incidents.suppress(incident) }

    /// The suppressed incidents whose objects have gone since the last call.
    public mutating func takeUnsuppressed() -> [UUID] { incidents.takeUnsuppressed() }

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
            leftObjects?.appearanceChanged()
        }
        guard judgement.isClear else {
            // Zones rest: no incident begins or ends, and open ones remain open.
            costs.looks += 1
            costs.gate += threadSeconds() - clock
            tracker.interrupt()
            flames?.interrupt()
            incidents.interrupt(at: frame.time)
            // Burst frames would show nothing either, for as long as this lasts.
            slowBurst.decide(false, at: frame.time)
            return Look(
                time: frame.time, changes: [], detections: [], findings: [], judgement: judgement,
                sharpness: tiles.sharpness, remarks: remarks)
        }
        let admission = gate.admission(of: picture, at: frame.time, isWanted: tracker.isInDoubt)
        costs.gate += threadSeconds() - clock
        let isTilesTurn = admission == .rested && tiles.takeTurn()
        if admission != nil, !isTilesTurn {
            let result: ObjectDetector.Result
            do { result = try await detector.detections(in: frame) } catch {
                // The detections of an earlier picture must not be reused for this one, nor for equal ones.
                gate.forget()
                throw error
            }
            (whole, hints) = (result.detections, result.hints)
            costs.infer += result.seconds
            costs.inferences += 1
        }
        let tileFault = await lookIntoTile(of: frame, hasChanged: admission == .changed)
        detections = tiles.joined(with: whole)
        costs.looks += 1
        var scene = Scene(
            time: frame.time, date: frame.date, detections: detections, picture: picture, chroma: chroma,
            unasked: tiles.unseen)
        var arrived: [(box: Box, frame: Frame)] = []
        scene.hints = hints
        if let past = frame.past { (scene.past, arrived) = await lookBack(into: past, from: frame, scene) }
        clock = threadSeconds()
        let ended = tracker.update(with: scene)
        let burning = flames?.update(with: scene) ?? []
        var objects =
            leftObjects?.update(
                with: scene, stationary: tracker.stationary, ended: ended.filter { !$0.object.isUnsure },
                hazes: smoke?.hazes ?? [],
                plumes: (smoke?.plumes ?? []) + burning.filter { $0.certainty > 0 }) ?? []
        smokeSeen = frame.time
        let plumes = leftObjects.flatMap { smoke?.update(with: $0, at: frame.time) } ?? []
        slowBurst.decide(smoke?.isUndecided ?? false, at: frame.time)
        if let chroma, flames != nil { judgeColour(chroma) }
        costs.rest += threadSeconds() - clock
        // The tracker reports an ended object once: nothing may fail between the tracker and the rules.
        let fault = await verify(in: frame) ?? tileFault
        objects = leftObjects?.refreshed(objects) ?? objects
        clock = threadSeconds()
        defer { costs.rest += threadSeconds() - clock }
        let look = Observation(
            scene: scene, stationary: tracker.stationary, unsure: tracker.unsure, ended: ended, objects: objects,
            plumes: plumes, flames: burning)
        stays?.note(look)
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
            let revised = incidents.revise(
                finding, at: frame.time, why: "seen again for the evidence", zh: "为取证再次看到")
            if let revised { changes.append(change(revised)) }
        }
        let arrivals = await arrivals(arrived, findings)
        recorder?.note(findings, vehicles: vehicles, in: frame, arrivals: arrivals)
        if fault == nil { decideRest(findings, at: frame.time) }
        return Look(
            time: frame.time, changes: changes, detections: detections, findings: findings, judgement: judgement,
            sharpness: tiles.sharpness, remarks: remarks, fault: fault)
    }

    /// A detector that has seen nothing change for so many times the rest looks again.
    private static let restsUnasked = 3.0
    /// Seconds after its threshold in which a thing is looked at as often as ever: a look may be missing that tells.
    private static let decision = 10.0

    /// While nothing is in doubt, the next look is needed when a dwell is over, or when the promise says. A view that is not
    /// known yet is looked at as often as there is time for it.
    private mutating func decideRest(_ findings: [Finding], at time: MediaTime) {
        guard let longestRest, tracker.isCertain, !incidents.isRestoring,
            recorder?.isWaiting(for: findings) != true
        else { return }
        let thresholds = findings.filter { $0.phase == .pending }.map { $0.firstSeen + $0.threshold - time }
        guard !thresholds.contains(where: { -Self.decision..<0 ~= $0 }) else { return }
        let promise = longestRest / Double(1 + tiles.pending)
        rest = Rest(
            promise: promise, moment: thresholds.filter { $0 >= 0 }.min(),
            welcomesMore: isLearning || !shed.isEmpty)
    }

    /// Looks back at what was found for the first time: since when it has stood there. By halves, in the pictures alone; what
    /// moves is not even in the newest of them.
    ///
    /// - Returns: what was looked at, and of each thing that stood there before this look the first picture with it.
    private mutating func lookBack(
        into past: PastPictures, from frame: Frame, _ scene: Scene
    ) async -> ([Scene.Past], [(box: Box, frame: Frame)]) {
        var known: [Int: (past: Scene.Past, frame: Frame)] = [:]
        var arrived: [(box: Box, frame: Frame)] = []
        for box in tracker.newcomers(in: scene) {
            var (without, with) = (-1, past.count)
            var next = past.count - 1
            while without + 1 < with {
                if known[next] == nil {
                    guard let earlier = await PastReader.shared.picture(next, of: past, before: frame),
                        let picture = try? small.picture(of: earlier).luma
                    else { break }
                    costs.past += 1
                    known[next] = (Scene.Past(time: earlier.time, picture: picture), earlier)
                }
                guard let earlier = known[next]?.past else { break }
                if tracker.shows(earlier.picture, in: box, theSameAs: scene.picture) {
                    with = next
                } else {
                    without = next
                }
                next = (without + with) / 2
            }
            if let first = known[with] { arrived.append((box, first.frame)) }
        }
        return (known.sorted { $0.key < $1.key }.map(\.value.past), arrived)
    }

    /// The first pictures of what a finding says stands there. The detector says what else is to be masked in them.
    private mutating func arrivals(
        _ arrived: [(box: Box, frame: Frame)], _ findings: [Finding]
    ) async -> [EvidenceRecorder.Arrival] {
        var arrivals: [EvidenceRecorder.Arrival] = []
        for (box, frame) in arrived
        where findings.contains(where: {
            EvidenceRecorder.Arrival.isSame(box, $0) && recorder?.lacksFirst($0) == true
        }) {
            // Without it the view is that of this look.
            guard let result = try? await detector.detections(in: frame) else { continue }
            costs.infer += result.seconds
            costs.inferences += 1
            arrivals.append(
                .init(box: box, frame: frame, vehicles: result.detections.filter { $0.objectClass.isPlated }.map(\.box))
            )
        }
        return arrivals
    }

    private var remarks: [String] { isColourless ? [Self.colourless] : [] }
    private static let colourless = "its pictures have no colour: of fire only smoke can be told"
    /// Consecutive looks that decide whether the pictures have colour.
    private static let colourLooks = 3

    private mutating func judgeColour(_ chroma: Chroma) {
        otherwise = chroma.isColourless == isColourless ? 0 : otherwise + 1
        if otherwise >= Self.colourLooks { (isColourless, otherwise) = (!isColourless, 0) }
    }

    /// Least interval of pictures for smoke, in seconds: updating the background model is expensive.
    private static let smokeInterval = 0.45

    /// Processes a burst frame: only smoke and flames need it.
    private mutating func burstFrame(at frame: Frame, _ judgement: ViewJudgement) throws -> Look {
        let clock = threadSeconds()
        defer { costs.rest += threadSeconds() - clock }
        costs.burstFrames += 1
        if judgement.isClear, let leftObjects {
            let (picture, chroma) = try small.picture(of: frame)
            let scene = Scene(
                time: frame.time, date: frame.date, detections: detections, picture: picture, chroma: chroma)
            flames?.take(burstFrame: scene)
            if slowBurst.isOn, smokeSeen.map({ !(0..<Self.smokeInterval ~= frame.time - $0) }) ?? true {
                smoke?.take(burstFrame: scene, over: leftObjects)
                smokeSeen = frame.time
            }
        }
        return Look(time: frame.time, changes: [], detections: detections, findings: [], judgement: judgement)
    }

    /// Detects one tile per look, in which vehicles are small. Returns the error if it fails; one of the next looks
    /// tries again.
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

    /// Margin around an object, in shares of its size, so that the detector sees it in context.
    private static let surroundings = 1.0
    /// Least part of the picture for a verification, as a share of its sides.
    private static let leastPart = 0.2

    /// Before an object is reported, the detector runs on it enlarged: it may be a vehicle or a person that was too
    /// small before. One object per look, which bounds the cost. Returns the error if it fails; the next look tries
    /// again.
    private mutating func verify(in frame: Frame) async -> (any Error)? {
        guard let thing = leftObjects?.due(at: frame.time) else { return nil }
        let box = thing.box.grown(by: Self.surroundings)
        let short = max(Self.leastPart / max(box.width, 1e-6), Self.leastPart / max(box.height, 1e-6))
        do {
            let result = try await enlarge(frame, box.grown(by: max(0, (short - 1) / 2)))
            costs.infer += result.seconds
            costs.inferences += 1
            leftObjects?.identify(thing.id, by: result.detections, at: frame.time)
            return nil
        } catch { return error }
    }
}
