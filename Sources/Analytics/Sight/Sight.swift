/// Judges from the small pictures of one camera whether it can see, and whether it still sees what it used to.
///
/// A camera that is frozen, dark, covered, out of focus or turned away shows nothing that a rule may be applied to. A
/// fault is suspected at the first picture that shows it, and from then on nothing is concluded; it is stated when three
/// looks and four seconds have confirmed it (stillness: five seconds), and it is over when two looks show the usual
/// view again.
public struct Sight: Sendable {
    private static let confirmation = (looks: 3, seconds: 4.0)
    /// Seconds after which a camera that cannot see is stated to be so although its pictures keep changing.
    private static let longestDoubt = 8.0
    private static let recoveryLooks = 2
    /// Seconds after which what stands before a part of the view belongs to it.
    private static let acceptance = 60.0

    private struct Doubt {
        var kind: CameraFault.Kind
        let since: MediaTime
        var kindSince: MediaTime
        var looks = 1
    }

    private var memory = SceneMemory()
    private var stillness = Stillness()
    private var size: (width: Int, height: Int)?
    private var doubt: Doubt?
    private var fault: CameraFault?
    private var goodLooks = 0
    private var changedLooks = 0
    private var hiddenSince: MediaTime?

    public init() {}

    /// Takes one look; pictures must come in the order of their times.
    public mutating func judge(_ picture: GreyImage, at time: MediaTime) -> SightJudgement {
        if let size, size != (picture.width, picture.height) {
            self = Sight()
            self.size = (picture.width, picture.height)
            _ = judge(picture, at: time)
            return SightJudgement(isClear: true, hasNewAppearance: true)
        }
        size = (picture.width, picture.height)
        let view = View(picture)
        let still = stillness.judge(picture, at: time)
        let impression = memory.impression(view, at: time)
        if impression == .changed, still == .alive { return change(to: view, at: time) }
        if impression == .settled { return learnAnew(view, at: time) }
        changedLooks = 0
        if let (kind, why) = complaint(impression, picture) { return bad(kind, why, at: time) }
        switch still {
        case .frozen:
            let since = stillness.since ?? time
            let why = "the picture has not changed, but for at most a burnt-in clock"
            fault = CameraFault(kind: .frozen, since: since, why: why)
            goodLooks = 0
            doubt = nil
            return SightJudgement(isClear: false, fault: fault)
        case .suspected: return SightJudgement(isClear: false, fault: fault)
        case .alive:
            hiddenSince = impression == .partlyHidden ? hiddenSince ?? time : nil
            let isUsual = hiddenSince.map { time - $0 >= Self.acceptance } ?? true
            return good(view, isUsual: isUsual, at: time)
        }
    }

    private func complaint(_ impression: SceneMemory.Impression, _ picture: GreyImage) -> (CameraFault.Kind, String)? {
        switch impression {
        case .unknown, .usual, .partlyHidden, .changed, .settled: return nil
        case .black: return (.black, "the picture is black; check light, infra-red lamp and lens cap")
        case .covered(let what): return (.covered, what + "; check whether something is in front of the lens")
        case .outOfFocus(let share):
            return (
                .outOfFocus,
                "the picture is blurred, \(Int((share * 100).rounded())) % of the usual sharpness is left; "
                    + "check focus and dirt on the lens"
            )
        case .shifted(let dx, let dy):
            let across = Int((Double(abs(dx) * 200) / Double(picture.width)).rounded())
            let along = Int((Double(abs(dy) * 200) / Double(picture.height)).rounded())
            return (
                .moved,
                "the view has shifted by \(across) % of the width and \(along) % of the height; zones rest until the old "
                    + "view is back: turn the camera back, or draw the zones anew and restart"
            )
        case .turning:
            return (
                .moved,
                "the camera turns or zooms; zones rest until it has kept to one view for a minute: let it stand still while "
                    + "gridwarden starts"
            )
        case .elsewhere:
            return (
                .moved,
                "the camera shows another view; zones rest until the old view is back: turn the camera back, or draw the "
                    + "zones anew and restart"
            )
        }
    }

    private mutating func bad(_ kind: CameraFault.Kind, _ why: String, at time: MediaTime) -> SightJudgement {
        goodLooks = 0
        var doubt = self.doubt ?? Doubt(kind: kind, since: time, kindSince: time, looks: 0)
        if doubt.kind == kind {
            doubt.looks += 1
        } else {
            (doubt.kind, doubt.kindSince, doubt.looks) = (kind, time, 1)
        }
        self.doubt = doubt
        let isConfirmed = doubt.looks >= Self.confirmation.looks && time - doubt.kindSince >= Self.confirmation.seconds
        if isConfirmed || time - doubt.since >= Self.longestDoubt, fault?.kind != kind {
            fault = CameraFault(kind: kind, since: fault?.since ?? doubt.since, why: why)
        }
        return SightJudgement(isClear: false, fault: fault)
    }

    private mutating func good(_ view: View, isUsual: Bool, at time: MediaTime) -> SightJudgement {
        goodLooks += 1
        if fault != nil, goodLooks < Self.recoveryLooks { return SightJudgement(isClear: false, fault: fault) }
        fault = nil
        doubt = nil
        if isUsual { memory.learn(view, at: time) }
        return SightJudgement(isClear: true)
    }

    /// The same view, looking different all over: learnt anew once a second look agrees.
    private mutating func change(to view: View, at time: MediaTime) -> SightJudgement {
        changedLooks += 1
        guard changedLooks >= Self.recoveryLooks else { return SightJudgement(isClear: false, fault: fault) }
        return learnAnew(view, at: time)
    }

    private mutating func learnAnew(_ view: View, at time: MediaTime) -> SightJudgement {
        changedLooks = 0
        goodLooks = 0
        memory.forget()
        stillness.forget()
        fault = nil
        doubt = nil
        memory.learn(view, at: time)
        return SightJudgement(isClear: true, hasNewAppearance: true)
    }
}
