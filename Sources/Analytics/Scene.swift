public import Domain
public import Foundation

/// One look at a camera: the input of trackers and rules.
public struct Scene: Sendable {
    public let time: MediaTime
    /// When the picture was taken; for calendars only, never for dwell.
    public let date: Date
    public let detections: [Detection]
    /// What may be motor vehicles, by scores that say so only of what has just come.
    public var hints: [Detection] = []
    /// The whole picture, small; about 320 pixels wide.
    public let picture: GreyImage
    /// Its colours; nil where no rule of the camera needs them.
    public let chroma: Chroma?
    /// Parts of the picture in which small objects were not searched for.
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
        kept.hints = hints
        return kept
    }
}

/// The result of one look: the scene, the stationary objects and the objects on the ground.
public struct Observation: Sendable {
    public let scene: Scene
    public let stationary: [StationaryObject]
    /// What came and stands, and may be a motor vehicle: see `StationaryObject.isUnsure`.
    public let unsure: [StationaryObject]
    public let ended: [StationaryObjectTracker.Ended]
    /// Objects on the ground that were not there before, including once more those that have just gone.
    public let objects: [LeftObject]
    /// Haze over the ground, including once more the plumes that have just gone.
    public let plumes: [Plume]
    /// Known or suspected flames, including once more those that have just gone.
    public let flames: [Plume]

    public init(
        scene: Scene, stationary: [StationaryObject] = [], unsure: [StationaryObject] = [],
        ended: [StationaryObjectTracker.Ended] = [], objects: [LeftObject] = [], plumes: [Plume] = [],
        flames: [Plume] = []
    ) {
        self.scene = scene
        self.stationary = stationary
        self.unsure = unsure
        self.ended = ended
        self.objects = objects
        self.plumes = plumes
        self.flames = flames
    }
}
