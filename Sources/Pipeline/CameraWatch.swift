public import Analytics
package import Domain
public import Foundation
import Inference
package import Runtime
public import Video

/// The watch of one camera: a pipeline or, where its zones were drawn on several presets, one for each of them. A look
/// goes to the pipeline of the view that the camera shows; the others rest, as if the camera were blind: none of their
/// incidents begins or ends.
///
/// Has one owner.
public final class CameraWatch {
    /// A pipeline, and when parts of its state are due to be stored.
    public final class Place {
        /// Nil for a camera without presets.
        public let preset: CameraPreset?
        public internal(set) var pipeline: CameraPipeline
        /// The view learnt in an earlier run, or when the camera was last at this preset.
        fileprivate var learnt: ViewCheckpoint?
        package var watching = WatchKeeping()
        package var keeping = BackgroundKeeping()
        package var viewing = ViewKeeping()
        package var restoration: BackgroundRestoration

        /// - Parameters:
        ///   - learnt: the preset's view as learnt in an earlier run.
        ///   - pipeline: with `presets` for a preset, see `ViewMonitor`.
        public init(preset: CameraPreset? = nil, learnt: ViewCheckpoint? = nil, pipeline: consuming CameraPipeline) {
            self.preset = preset
            self.learnt = learnt
            restoration = pipeline.backgroundRestoration
            self.pipeline = pipeline
        }

        /// The views by which the preset is recognised in pictures of this height.
        fileprivate func views(_ preset: CameraPreset, height: Int) -> [ViewCheckpoint] {
            [learnt, ViewCheckpoint(preset.picture.stretched(toHeight: height))].compactMap { $0 }
        }
    }

    /// In the order of the presets.
    public let places: [Place]
    /// The place of the last look.
    public private(set) var place: Place
    private var small = SmallPicture()
    private var height: Int?
    private var isSeen = false

    /// - Parameter places: one, or one for each preset.
    public init(_ first: Place, _ others: [Place] = []) {
        places = [first] + others
        place = first
    }

    /// Processes one picture in the pipeline that it belongs to.
    public func look(at frame: Frame) async throws -> CameraPipeline.Look {
        if place.preset != nil, !frame.isBurstFrame { try choose(by: frame) }
        var look = try await place.pipeline.look(at: frame)
        // Nothing is concluded before the view is recognised; a single look that shows nothing is ignored.
        isSeen = look.judgement.fault == nil && (isSeen || look.judgement.isClear)
        look.preset = isSeen ? place.preset?.id : nil
        if places.count > 1 { look.sharpness = places.flatMap { $0.pipeline.sharpness } }
        return look
    }

    private func choose(by frame: Frame) throws {
        let picture = try small.picture(of: frame).luma
        if picture.height != height {
            height = picture.height
            for place in places { leave(place, at: frame.time) }
        }
        let likely = places.compactMap { place in place.pipeline.likeness(of: picture).map { (place, $0) } }
        guard let (best, _) = likely.max(by: { $0.1 < $1.1 }) else { return }
        guard best !== place else { return }
        leave(place, at: frame.time)
        place = best
    }

    private func leave(_ place: Place, at time: MediaTime) {
        guard let preset = place.preset, let height else { return }
        if place.pipeline.knowsView { place.learnt = place.pipeline.viewCheckpoint() ?? place.learnt }
        place.pipeline.leave(views: place.views(preset, height: height), at: time)
    }

    public var costs: CameraPipeline.Costs {
        places.dropFirst().reduce(places[0].pipeline.costs) { $0 + $1.pipeline.costs }
    }

    /// See `CameraPipeline`.
    package var shed: Set<AlertKind> {
        get { place.pipeline.shed }
        set { for place in places { place.pipeline.shed = newValue } }
    }

    /// A review has ended the incident; its object is ignored until it has gone.
    public func suppress(_ incident: UUID) {
        (places.first { $0.pipeline.holds(incident) } ?? place).pipeline.suppress(incident)
    }

    /// The suppressed incidents whose objects have gone since the last call.
    public func takeUnsuppressed() -> [UUID] { places.flatMap { $0.pipeline.takeUnsuppressed() } }
}

/// One of the views that a camera turns to.
public struct CameraPreset: Sendable, Equatable {
    public let id: String
    /// Of the size of the small pictures, in its original shape.
    public let picture: GreyImage

    public init(id: String, picture: GreyImage) { (self.id, self.picture) = (id, picture) }

    /// Reads a picture taken at the preset.
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

    /// Whether both show the same view.
    package func isAlike(_ other: CameraPreset) -> Bool {
        ViewCheckpoint(picture)?.isSeen(in: other.picture.stretched(toHeight: picture.height)) ?? false
    }
}
