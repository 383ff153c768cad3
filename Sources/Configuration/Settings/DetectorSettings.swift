/// The network that finds objects.
public struct DetectorSettings: Sendable, Hashable {
    /// The name of a model in the models directory, or of a family of inputs with the same weights.
    public var model = "efficientdet-lite0"
    /// 0.05…0.95; weaker detections open no incident.
    public var minimumScore = 0.35
    /// 1…64.
    public var threads = 1

    /// Whether zones in which vehicles are small are looked at in parts too.
    public var hasTiles = true

    public init() {}
}
