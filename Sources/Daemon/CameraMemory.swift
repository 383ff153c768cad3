import Analytics
import Delivery

/// What earlier runs have left of a camera.
struct CameraMemory: Sendable {
    /// Those that are open.
    var incidents: [Incident] = []
    /// What stood still.
    var stays: [StaySnapshot] = []
    /// The ground and what lay there; nil where that is not known.
    var ground: GroundSnapshot?
    /// The incidents that a review had ended while their objects stood there.
    var suppressed: [Incident] = []
    /// By which the age of all this is known; nil where an older version wrote it.
    var moment: MomentOfRecord?

    init() {}

    init(of camera: String, in outbox: Outbox) throws {
        incidents = try outbox.openIncidents(camera: camera)
        stays = try outbox.stays(camera: camera)
        ground = try outbox.ground(camera: camera)
        suppressed = try outbox.suppressedIncidents(camera: camera)
        moment = try outbox.moment(camera: camera)
    }

    /// The media time at which a run that starts now goes on; where nothing goes on, the date.
    ///
    /// Never before what is known: a clock that was set back must not make what stood then younger than now.
    func begin(on now: HostClocks) -> MediaTime {
        let known = incidents.map(\.lastSeen) + stays.map(\.lastSeen) + [ground?.time].compactMap { $0 }
        guard let newest = known.max() else { return MediaTime(now.date) }
        return max(moment?.time(on: now) ?? MediaTime(now.date), newest)
    }
}
