import Analytics
import Delivery
import Logging

/// What earlier runs have left of a camera.
struct CameraMemory: Sendable {
    /// Those that are open.
    var incidents: [Incident] = []
    /// What stood still and was under way; nil where that is not known.
    var watch: WatchSnapshot?
    /// The ground and what lay there; nil where that is not known.
    var ground: GroundSnapshot?
    /// The incidents that a review had ended while their objects stood there.
    var suppressed: [Incident] = []
    /// By which the age of all this is known; nil where an older version wrote it.
    var moment: MomentOfRecord?

    init() {}

    /// - Parameter unwritten: the newest states of incidents that wait for the disk.
    init(of camera: String, in outbox: Outbox, unwritten: [Incident] = [], logger: Logger) throws {
        let newer = Set(unwritten.map(\.id))
        incidents =
            try outbox.openIncidents(camera: camera).filter { !newer.contains($0.id) } + unwritten.filter(\.isOpen)
        ground = try outbox.ground(camera: camera)
        suppressed = try outbox.suppressedIncidents(camera: camera)
        moment = try outbox.moment(camera: camera)
        guard let data = try outbox.watch(camera: camera) else { return }
        watch = WatchSnapshot(data: data)
        guard watch == nil else { return }
        logger.notice(
            "what stood and was under way cannot be read by this version and is found anew",
            metadata: ["camera": "\(camera)"])
    }

    /// The media time at which a run that starts now goes on; where nothing goes on, the date.
    ///
    /// Never before what is known: a clock that was set back must not make what stood then younger than now.
    func begin(on now: HostClocks) -> MediaTime {
        let known = incidents.map(\.lastSeen) + [watch?.time, ground?.time].compactMap { $0 }
        guard let newest = known.max() else { return MediaTime(now.date) }
        return max(moment?.time(on: now) ?? MediaTime(now.date), newest)
    }
}
