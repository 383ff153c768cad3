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
        Scene(
            time: time, date: date, detections: detections.filter { isKept($0.objectClass) }, picture: picture,
            chroma: chroma, unasked: unasked)
    }
}

/// What is known after one look: the scene, what stands in it, what was put down in it.
public struct Observation: Sendable {
    public let scene: Scene
    public let stationary: [StationaryObject]
    public let ended: [StationaryObjectTracker.Ended]
    /// Things on the ground that were not there before; what has just gone is among them once more.
    public let objects: [LeftObject]
    /// Haze over the ground; what has just gone is among them once more.
    public let plumes: [Plume]
    /// Flames, known or suspected; those that have just gone are among them once more.
    public let flames: [Plume]

    public init(
        scene: Scene, stationary: [StationaryObject] = [], ended: [StationaryObjectTracker.Ended] = [],
        objects: [LeftObject] = [],
        plumes: [Plume] = [], flames: [Plume] = []
    ) {
        self.scene = scene
        self.stationary = stationary
        self.ended = ended
        self.objects = objects
        self.plumes = plumes
        self.flames = flames
    }
}
