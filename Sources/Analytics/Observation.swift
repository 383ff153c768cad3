/// What is known after one look: the scene, what stands in it, what was put down in it.
public struct Observation: Sendable {
    public let scene: Scene
    public let stays: [StationaryObject]
    public let ended: [StationaryObjectTracker.Ended]
    /// Things on the ground that were not there before; what has just gone is among them once more.
    public let objects: [LeftObject]
    /// Haze over the ground; what has just gone is among them once more.
    public let plumes: [Plume]
    /// Flames, known or suspected; those that have just gone are among them once more.
    public let flames: [Plume]

    public init(
        scene: Scene, stays: [StationaryObject] = [], ended: [StationaryObjectTracker.Ended] = [],
        objects: [LeftObject] = [],
        plumes: [Plume] = [], flames: [Plume] = []
    ) {
        self.scene = scene
        self.stays = stays
        self.ended = ended
        self.objects = objects
        self.plumes = plumes
        self.flames = flames
    }
}
