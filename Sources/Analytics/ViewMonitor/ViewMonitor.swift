public import Domain

/// Judges from the small pictures of one camera whether it can see, and whether it still shows its usual view.
///
/// A camera that is frozen, dark, covered, out of focus or turned away shows nothing that a rule may be applied to. A
/// fault is suspected at the first picture that shows it, and from then on nothing is concluded; it is stated when
/// three looks and four seconds have confirmed it (a freeze: five seconds), and it is over when two looks show the
/// usual view again.
///
/// Where the view is known from an earlier run, the first pictures are compared with it, and `moved` is stated where
/// they show another one; nothing is concluded before it is recognised, or for some seconds where that is undecided.
public struct ViewMonitor: Sendable {
    private static let confirmation = (looks: 3, seconds: 4.0)
    /// The same for a camera with presets that shows none of them: turning from one to the next is no fault.
    private static let turn = 6.0
    private static let lens = "; check whether something is in front of the lens"
    /// Seconds after which a camera that cannot see is reported although its pictures keep changing.
    private static let longestDoubt = 8.0
    private static let recoveryLooks = 2
    /// Seconds after which an object before a part of the view is accepted as part of it.
    private static let acceptance = 60.0

    private struct Doubt {
        var kind: CameraFault.Kind
        let since: MediaTime
        var kindSince: MediaTime
        var looks = 1
    }

    private var reference = ReferenceView()
    private var freeze = FreezeDetector()
    private var size: (width: Int, height: Int)?
    private var doubt: Doubt?
    private var fault: CameraFault?
    private var goodLooks = 0
    private var changedLooks = 0
    private var hiddenSince: MediaTime?
    /// The view from before the first picture.
    private var known: [KnownView]
    /// The presets of a camera that turns: nothing is concluded except from a view that was known before, at any time.
    private let presets: [String]
    /// Whether the camera shows the known view; true where none was known.
    private var isRecognised: Bool
    /// The fault stated because the camera shows another view.
    private var misplaced: CameraFault?
    private var lastEdges: EdgeField?
    private var firstLook: MediaTime?
    /// By how much the view has shifted, in shares of the picture, right and down; nil where it is in its place, and where
    /// the last look could not tell.
    public private(set) var offset: Point?

    /// - Parameters:
    ///   - known: the view known from an earlier run, under each known light.
    ///   - presets: the names of the presets of a camera that turns; `known` is the view at one of them.
    public init(known: [ViewCheckpoint] = [], presets: [String] = []) {
        self.presets = presets
        self.known = known.map(KnownView.init)
        isRecognised = known.isEmpty && presets.isEmpty
    }

    /// The likeness of a picture to the known view; nil where it shows another one, or none.
    public func likeness(of picture: GreyImage) -> Double? {
        let edges = EdgeField(picture)
        return known.compactMap { $0.likeness(in: edges) }.max()
    }

    /// The camera shows another view for a while. When it returns, the light may have changed.
    ///
    /// - Parameter known: the view by which it is recognised then.
    public mutating func leave(known: [ViewCheckpoint]) { self = ViewMonitor(known: known, presets: presets) }

    /// The state by which a later run recognises the view; nil before it is known.
    public var checkpoint: ViewCheckpoint? {
        let kept = known.first?.checkpoint
        return isRecognised ? reference.checkpoint ?? kept : kept
    }

    /// Whether the view has been learnt, and is the known one where there was one.
    public var isKnown: Bool { isRecognised && reference.isKnown }

    /// Processes one look; pictures must come in the order of their times.
    public mutating func judge(_ picture: GreyImage, at time: MediaTime) -> ViewJudgement {
        if let size, size != (picture.width, picture.height) {
            let known = known
            self = ViewMonitor(presets: presets)
            self.known = known
            isRecognised = known.isEmpty && presets.isEmpty
            let judgement = judge(picture, at: time)
            // A look at a completely unknown view is accepted.
            return isRecognised
                ? ViewJudgement(isClear: true, hasNewAppearance: true)
                : ViewJudgement(isClear: false, fault: judgement.fault, hasNewAppearance: true)
        }
        size = (picture.width, picture.height)
        firstLook = firstLook ?? time
        offset = nil
        let view = View(picture)
        let still = freeze.judge(picture, at: time)
        let place = place(of: view, picture)
        switch place {
        case .shifted(let dx, let dy):
            offset = Self.offset(dx, dy, picture)
            return misplaced(lost ?? Self.shift(dx, dy, picture), at: time)
        case .elsewhere:
            return misplaced(
                lost
                    ?? "the camera shows another view than the one that its zones were drawn on; zones rest until that view "
                    + "is back: turn the camera back, or draw the zones anew and reload", at: time)
        case .turning:
            return misplaced(
                lost
                    ?? "the camera turns or zooms, and what it shows is not the view that its zones were drawn on; zones rest until "
                    + "that view is back: turn the camera back, or draw the zones anew and reload", at: time,
                isPassing: true)
        case .same: recognise()
        case .unclear, nil: break
        }
        let isSame = if case .same = place { true } else { false }
        let impression = isSame ? .usual : reference.impression(view, at: time)
        if case .shifted(let dx, let dy) = impression { offset = Self.offset(dx, dy, picture) }
        if place == .unclear, let doubtful = doubted(impression, picture, at: time) { return doubtful }
        if impression == .changed, still == .alive { return change(to: view, at: time) }
        if impression == .settled { return learnAnew(view, at: time) }
        changedLooks = 0
        if let (kind, why) = complaint(impression, picture) { return bad(kind, why, at: time) }
        switch still {
        case .frozen:
            let since = freeze.since ?? time
            let why = "the picture has not changed, but for at most a burnt-in clock"
            fault = CameraFault(kind: .frozen, since: since, why: why)
            goodLooks = 0
            doubt = nil
            return ViewJudgement(isClear: false, fault: fault)
        case .suspected: return ViewJudgement(isClear: false, fault: fault)
        case .alive:
            hiddenSince = impression == .partlyHidden ? hiddenSince ?? time : nil
            let isUsual = hiddenSince.map { time - $0 >= Self.acceptance } ?? true
            return good(view, isUsual: isUsual, at: time)
        }
    }

    /// The comparison of the picture with the view from an earlier run; nil where there was none, and once the view
    /// learnt since is better.
    private mutating func place(of view: View, _ picture: GreyImage) -> KnownView.Match? {
        guard !isRecognised || !reference.isKnown else { return nil }
        let comparable = known.filter { $0.checkpoint.fits(width: picture.width, height: picture.height) }
        guard !comparable.isEmpty || !presets.isEmpty else {
            // Another picture shape: the view is learnt again.
            isRecognised = true
            return nil
        }
        defer { lastEdges = view.edges }
        return comparable.match(view.edges, after: lastEdges)
    }

    private mutating func recognise() {
        // The view accepted in doubt may have been another one.
        if !isRecognised { reference.forget() }
        (isRecognised, misplaced) = (true, nil)
    }

    /// - Parameter isPassing: whether it may be over in a moment.
    private mutating func misplaced(_ why: String, at time: MediaTime, isPassing: Bool = false) -> ViewJudgement {
        let judgement = bad(.moved, why, at: time, isPassing: isPassing)
        if fault?.kind == .moved { misplaced = fault }
        return judgement
    }

    /// The verdict on a picture of which it is undecided whether it shows the known view; nil where it is accepted.
    private mutating func doubted(
        _ impression: ReferenceView.Impression, _ picture: GreyImage, at time: MediaTime
    ) -> ViewJudgement? {
        if let (kind, why) = complaint(impression, picture) { return bad(kind, why, at: time) }
        if let lost { return misplaced(lost, at: time) }
        if let misplaced {
            (fault, goodLooks) = (misplaced, 0)
            return ViewJudgement(isClear: false, fault: fault)
        }
        let isEarly = firstLook.map { time - $0 < Self.longestDoubt } ?? true
        return isRecognised || !isEarly ? nil : ViewJudgement(isClear: false, fault: fault)
    }

    /// The verdict where a camera with presets shows none of them.
    private var lost: String? {
        presets.isEmpty
            ? nil
            : "the camera shows none of its presets (\(presets.joined(separator: ", "))); zones rest until it is back at one: "
                + "turn it back, or take the pictures of the presets anew and reload"
    }

    /// The edges are compared in every second column and row.
    private static func offset(_ dx: Int, _ dy: Int, _ picture: GreyImage) -> Point {
        Point(x: Double(2 * dx) / Double(picture.width), y: Double(2 * dy) / Double(picture.height))
    }

    private static func shift(_ dx: Int, _ dy: Int, _ picture: GreyImage) -> String {
        let across = Int((Double(abs(dx) * 200) / Double(picture.width)).rounded())
        let along = Int((Double(abs(dy) * 200) / Double(picture.height)).rounded())
        return "the view has shifted by \(across) % of the width and \(along) % of the height; zones rest until the "
            + "old view is back: turn the camera back, or draw the zones anew and reload"
    }

    private func complaint(_ impression: ReferenceView.Impression, _ picture: GreyImage) -> (CameraFault.Kind, String)?
    {
        switch impression {
        case .unknown, .usual, .partlyHidden, .changed, .settled: return nil
        case .black: return (.black, "the picture is black; check light, infra-red lamp and lens cap")
        case .covered(let what): return (.covered, what + Self.lens)
        case .lost:
            return lost.map { (.moved, $0) } ?? (.covered, "nothing of the usual view can be recognised" + Self.lens)
        case .outOfFocus(let share):
            return (
                .outOfFocus,
                "the picture is blurred, \(Int((share * 100).rounded())) % of the usual sharpness is left; "
                    + "check focus and dirt on the lens"
            )
        case .shifted(let dx, let dy):
            return (.moved, lost ?? Self.shift(dx, dy, picture))
        case .turning:
            return (
                .moved,
                lost
                    ?? "the camera turns or zooms; zones rest until it has kept to one view for a minute: let it stand still while "
                    + "gridwarden starts"
            )
        case .elsewhere:
            return (
                .moved,
                lost
                    ?? "the camera shows another view; zones rest until the old view is back: turn the camera back, or draw the "
                    + "zones anew and reload"
            )
        }
    }

    private mutating func bad(
        _ kind: CameraFault.Kind, _ why: String, at time: MediaTime, isPassing: Bool = false
    ) -> ViewJudgement {
        goodLooks = 0
        var doubt = self.doubt ?? Doubt(kind: kind, since: time, kindSince: time, looks: 0)
        if doubt.kind == kind {
            doubt.looks += 1
        } else {
            (doubt.kind, doubt.kindSince, doubt.looks) = (kind, time, 1)
        }
        self.doubt = doubt
        let seconds = kind == .moved && !presets.isEmpty ? Self.turn : Self.confirmation.seconds
        let isConfirmed = !isPassing && doubt.looks >= Self.confirmation.looks && time - doubt.kindSince >= seconds
        if isConfirmed || time - doubt.since >= Self.longestDoubt, fault?.kind != kind {
            fault = CameraFault(kind: kind, since: fault?.since ?? doubt.since, why: why)
        }
        return ViewJudgement(isClear: false, fault: fault)
    }

    private mutating func good(_ view: View, isUsual: Bool, at time: MediaTime) -> ViewJudgement {
        goodLooks += 1
        if fault != nil, goodLooks < Self.recoveryLooks { return ViewJudgement(isClear: false, fault: fault) }
        fault = nil
        doubt = nil
        if isUsual { reference.learn(view, at: time) }
        return ViewJudgement(isClear: true)
    }

    /// The same view with a different appearance: learnt again once a second look agrees.
    private mutating func change(to view: View, at time: MediaTime) -> ViewJudgement {
        changedLooks += 1
        guard changedLooks >= Self.recoveryLooks else { return ViewJudgement(isClear: false, fault: fault) }
        return learnAnew(view, at: time)
    }

    private mutating func learnAnew(_ view: View, at time: MediaTime) -> ViewJudgement {
        changedLooks = 0
        goodLooks = 0
        reference.forget()
        freeze.forget()
        fault = nil
        doubt = nil
        reference.learn(view, at: time)
        return ViewJudgement(isClear: true, hasNewAppearance: true)
    }
}
