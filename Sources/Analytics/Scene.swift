public import Domain
public import Foundation

/// What one look at a camera gave: the input of trackers and rules.
public struct Scene: Sendable {
    public let time: MediaTime
    /// When the picture was taken, for calendars only; never for dwell.
    public let date: Date
    public let detections: [Detection]
    /// The whole picture, small; about 320 pixels wide.
    public let picture: GreyImage
    /// Its colours; nil where no rule of the camera needs them.
    public let chroma: Chroma?
    /// Parts in which the detector was not asked for what is small.
    public let unasked: [Box]
    /// Pictures since the look before, the oldest first, as far as somebody looked back; the detector was not asked.
    public var past: [Past] = []

    public struct Past: Sendable {
        public let time: MediaTime
        public let picture: GreyImage

        public init(time: MediaTime, picture: GreyImage) { (self.time, self.picture) = (time, picture) }
    }

    public init(
        time: MediaTime, date: Date, detections: [Detection], picture: GreyImage, chroma: Chroma? = nil,
        unasked: [Box] = []
    ) {
        self.time = time
        self.date = date
        self.detections = detections
        self.picture = picture
        self.chroma = chroma
        self.unasked = unasked
    }

    /// The same look with the detections of some classes only.
    func keeping(_ isKept: (ObjectClass) -> Bool) -> Scene {
        var kept = Scene(
            time: time, date: date, detections: detections.filter { isKept($0.objectClass) }, picture: picture,
            chroma: chroma, unasked: unasked)
        kept.past = past
        return kept
    }
}

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
