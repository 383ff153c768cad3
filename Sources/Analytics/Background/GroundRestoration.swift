/// What became of the ground that an earlier run had kept.
public enum GroundRestoration: Sendable, Equatable {
    /// There was none.
    case none
    /// It waits for the first look.
    case waiting
    /// What lay there keeps its time.
    case taken
    /// The ground is learnt anew; what lies there is part of it.
    case refused(Reason)

    public enum Reason: String, Sendable {
        case tooOld = "too old"
        case otherView = "the camera shows another view, or another size of picture"
    }
}
