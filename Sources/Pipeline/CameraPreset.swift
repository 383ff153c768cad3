public import Analytics
import Foundation
import Inference
package import Runtime
import Video

/// One of the views that a camera turns to.
public struct CameraPreset: Sendable, Equatable {
    public let id: String
    /// As small as the pictures that are looked at, in the shape that it was taken in.
    public let picture: GreyImage

    public init(id: String, picture: GreyImage) { (self.id, self.picture) = (id, picture) }

    /// Reads a picture that was taken at the preset.
    package init(id: String, path: String) throws(SetupError) {
        let what = "the picture of preset \(id)"
        func fault(_ cause: String) -> SetupError {
            SetupError(description: "could not use \(path), \(what): \(cause)")
        }
        do { _ = try RegularFile.read(path, most: 32 << 20) } catch { throw fault(error.text) }
        var small = SmallPicture()
        let found: GreyImage?
        do {
            var recording = try Recording(path: path, sampling: .every(seconds: 1))
            found = try recording.next().map { try small.picture(of: $0).luma }
        } catch { throw fault("\(error); give it as JPEG or PNG") }
        guard let found else { throw fault("there is no picture in it; give it as JPEG or PNG") }
        guard ViewCheckpoint(found) != nil else {
            throw fault("too little can be made out in it to recognise the view by; take it by day and in focus")
        }
        self.init(id: id, picture: found)
    }

    /// Whether both show one view.
    package func isAlike(_ other: CameraPreset) -> Bool {
        ViewCheckpoint(picture)?.isSeen(in: other.picture.stretched(toHeight: picture.height)) ?? false
    }
}
