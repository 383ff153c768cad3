import Domain
import TestSupport
import Testing
import Video

/// The first key frame of the composed parking clip at `seconds` or later.
func parkingFrame(at seconds: Double) throws -> Frame {
    var recording = try Recording(
        path: try #require(Footage.clip("composed/parking.mp4")), sampling: .keyFrames(promise: 3))
    while true {
        let next = try recording.next()
        let frame = try #require(next)
        if frame.time.seconds >= seconds { return frame }
    }
}
