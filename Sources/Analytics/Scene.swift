public import Foundation

/// What one look at a camera gave: the input of trackers and rules.
public struct Scene: Sendable {
    public let time: MediaTime
    /// When the picture was taken, for calendars only; never for dwell.
    public let date: Date
    public let detections: [Detection]
    /// The whole picture, small; about 320 pixels wide.
    public let picture: GreyImage

    public init(time: MediaTime, date: Date, detections: [Detection], picture: GreyImage) {
        self.time = time
        self.date = date
        self.detections = detections
        self.picture = picture
    }
}
