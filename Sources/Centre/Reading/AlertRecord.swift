import Domain

/// What a centre keeps of a message about an incident. Dates are seconds since 1970.
struct AlertRecord: Sendable, Hashable {
    struct Picture: Sendable, Hashable {
        var sha256 = ""
        var role = ""
        var taken = 0.0
        var bytes = 0
        /// Relative to the evidence folder of the box.
        var file: String?
    }

    /// Of the message.
    var id = ""
    var site = ""
    /// Empty where the site names none.
    var epoch = ""
    var sequence: Int64 = 0
    var time = 0.0

    var incident = ""
    var revision: Int64 = 0
    var state = Incident.State.opened
    /// `pending`, or the newest verdict.
    var review = ""
    var reason: String?

    var kind = ""
    /// 1 is the highest.
    var severity = 0
    /// The first one, which is of the newest standard.
    var code: String?
    var codeSystem: String?
    var department = ""
    /// 12 digits.
    var area = ""
    var grid = ""
    var microgrid = ""
    var camera = ""
    var cameraName = ""
    var longitude: Double?
    var latitude: Double?
    var zone = ""
    var zoneName = ""
    var surface: String?

    var firstSeen = 0.0
    var confirmed = 0.0
    var lastSeen = 0.0
    var closed: Double?
    /// Seconds.
    var dwell = 0.0
    /// Seconds that it may be there.
    var allowed = 0.0
    /// Sent again on request.
    var backfilled = false
    var pictures: [Picture] = []

    var isOpen: Bool { state == .opened || state == .updated }

    /// `site/camera/zone`, as the configuration names a zone.
    var zonePath: String { "\(site)/\(camera)/\(zone)" }
}
