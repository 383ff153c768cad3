import Analytics
import Domain
import Logging
import Store

/// The state of a camera from earlier runs.
struct CameraCheckpoint: Sendable {
    /// The open incidents.
    var incidents: [Incident] = []
    /// Stationary objects and the state of the rules; nil where unknown.
    var watch: WatchCheckpoint?
    /// The background and the objects on it; nil where unknown.
    var ground: BackgroundCheckpoint?
    /// The camera's view; nil where unknown.
    var view: ViewCheckpoint?
    /// The incidents ended by a review while their objects were still there.
    var suppressed: [Incident] = []
    /// The moment by which the age of all this is known; nil in checkpoints of an older version.
    var moment: MomentOfRecord?

    init() {}

    /// The state of each preset, by its id: `watch`, `ground` and `view`.
    var presets: [String: CameraCheckpoint] = [:]

    /// - Parameters:
    ///   - presets: ids of the camera's presets.
    ///   - unwritten: the newest states of incidents that wait for the disk.
    init(
        of camera: String, presets: [String] = [], in outbox: Outbox, unwritten: [Incident] = [], logger: Logger
    ) throws {
        let newer = Set(unwritten.map(\.id))
        incidents =
            try outbox.openIncidents(camera: camera).filter { !newer.contains($0.id) } + unwritten.filter(\.isOpen)
        suppressed = try outbox.suppressedIncidents(camera: camera)
        moment = try outbox.moment(camera: camera)
        if presets.isEmpty { try read(camera, in: outbox, logger: logger) }
        for preset in presets {
            var checkpoint = CameraCheckpoint()
            try checkpoint.read(Outbox.place(camera: camera, preset: preset), in: outbox, logger: logger)
            self.presets[preset] = checkpoint
        }
    }

    private mutating func read(_ place: String, in outbox: Outbox, logger: Logger) throws {
        ground = try outbox.ground(camera: place)
        if let data = try outbox.view(camera: place) {
            view = ViewCheckpoint(data: data)
            if view == nil {
                logger.notice(
                    "the camera's usual view cannot be read by this version and is learnt anew",
                    metadata: ["camera": "\(place)"])
            }
        }
        guard let data = try outbox.watch(camera: place) else { return }
        watch = WatchCheckpoint(data: data)
        guard watch == nil else { return }
        logger.notice(
            "what stood and was under way cannot be read by this version and is found anew",
            metadata: ["camera": "\(place)"])
    }

    /// The media time at which a run that starts now resumes; the date where there is nothing to resume.
    ///
    /// Never before a stored time: after a clock was set back, restored objects must not be younger than now.
    func begin(on now: HostClocks) -> MediaTime {
        let kept = [self] + presets.values
        let known = incidents.map(\.lastSeen) + kept.flatMap { [$0.watch?.time, $0.ground?.time] }.compactMap { $0 }
        guard let newest = known.max() else { return MediaTime(now.date) }
        return max(moment?.time(on: now) ?? MediaTime(now.date), newest)
    }
}
