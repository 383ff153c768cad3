import Analytics
import Domain
import Logging
import Store

/// What earlier runs have left of a camera.
struct CameraCheckpoint: Sendable {
    /// Those that are open.
    var incidents: [Incident] = []
    /// What stood still and was under way; nil where that is not known.
    var watch: WatchCheckpoint?
    /// The ground and what lay there; nil where that is not known.
    var ground: BackgroundCheckpoint?
    /// What the camera saw; nil where that is not known.
    var view: ViewCheckpoint?
    /// The incidents that a review had ended while their objects stood there.
    var suppressed: [Incident] = []
    /// By which the age of all this is known; nil where an older version wrote it.
    var moment: MomentOfRecord?

    init() {}

    /// What there is of each preset, by its id: `watch`, `ground` and `view`.
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

    /// The media time at which a run that starts now goes on; where nothing goes on, the date.
    ///
    /// Never before what is known: a clock that was set back must not make what stood then younger than now.
    func begin(on now: HostClocks) -> MediaTime {
        let kept = [self] + presets.values
        let known = incidents.map(\.lastSeen) + kept.flatMap { [$0.watch?.time, $0.ground?.time] }.compactMap { $0 }
        guard let newest = known.max() else { return MediaTime(now.date) }
        return max(moment?.time(on: now) ?? MediaTime(now.date), newest)
    }
}
