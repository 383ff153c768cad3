public import Analytics
public import Domain

/// One camera and the zones in its picture.
public struct CameraSettings: Sendable, Hashable, CustomStringConvertible {
    /// The transport of RTP.
    public enum Transport: String, Sendable, CaseIterable {
        /// TCP, and UDP where the camera refuses TCP or sends nothing over it.
        case auto
        case tcp, udp
    }

    /// Which pictures are decoded, and by what.
    public enum Decode: String, Sendable, CaseIterable {
        /// Key frames, and between them only those needed for the promise of a zone; in software.
        case keyFrames = "key_frames"
        /// In software.
        case all
        /// As `keyFrames`, and where a key frame is decoded on its own by a device: the first that can, a graphics processor, the
        /// video device of a small board.
        case auto
        /// `keyFrames` by another name.
        case software
        case vaapi, v4l2m2m
    }

    /// Lower-case letters, digits and hyphens.
    public var id: String
    /// For people; the id unless the file says otherwise.
    public var name: String
    /// `rtsp://`, `rtsps://` or the path of a file. It may contain credentials: never print it unredacted.
    public var url: String
    /// The main stream where `url` is a smaller one, `rtsp://` or `rtsps://`; opened for evidence only. It may contain
    /// credentials: never print it unredacted.
    public var detailURL: String?
    /// Two lines, user and password (the second may be empty); they replace those of `url` and `detailURL`.
    public var credentialsFile: String?
    /// Path of the PEM certificates against which a camera of `rtsps` is verified; nil for no verification.
    public var caFile: String?
    public var transport = Transport.auto
    /// The purpose of the camera in the operator's words, required by law.
    public var purpose: String
    /// The camera's 20-digit GB/T 28181 id.
    public var gb28181: String?
    /// Degrees, WGS 84, -180…180; given together with `latitude` or not at all.
    public var longitude: Double?
    /// Degrees, -90…90.
    public var latitude: Double?
    /// The site's unless the file says otherwise, as are `grid` and `microgrid`.
    public var area: AreaCode
    public var grid: String
    public var microgrid: String
    public var decode = Decode.keyFrames
    /// The shape in which its pictures are displayed; nil uses that of the stream.
    public var aspect: Aspect?
    /// Megapixels of the largest picture that is decoded, 0.1…100; the default includes 4096x3072.
    public var largestPicture = 12.6
    /// Seconds between two looks, 0.2…10.
    public var lookEvery = 2.0
    /// Seconds, 1…120.
    public var openTimeout = 10.0
    /// Seconds without a packet after which the stream is reopened, 1…120.
    public var readTimeout = 5.0
    /// The views of a camera that turns; ids are unique. Each zone then names one of them.
    public var presets: [PresetSettings] = []
    /// At least one; ids are unique.
    public var zones: [ZoneSettings]

    public init(id: String, url: String, purpose: String, site: SiteSettings, zones: [ZoneSettings]) {
        self.id = id
        name = id
        self.url = url
        self.purpose = purpose
        area = site.area
        grid = site.grid
        microgrid = site.microgrid
        self.zones = zones
    }

    /// Without the address, which may contain credentials.
    public var description: String { "camera \(id)" }
}

/// One of the views that a camera turns to.
public struct PresetSettings: Sendable, Hashable {
    /// Lower-case letters, digits and hyphens.
    public var id: String
    /// Path of a JPEG or PNG taken there.
    public var picture: String

    public init(id: String, picture: String) { (self.id, self.picture) = (id, picture) }
}

/// One zone and its rules.
public struct ZoneSettings: Sendable, Hashable {
    public var zone: Zone
    /// Seconds, 0.2…60: the longest time without a look; nil where the rules decide.
    public var promise: Double?
    /// The same while something happens, where nothing is said: seconds.
    public static let usualPromise = 3.0
    /// The id of the preset that it was drawn on; nil where the camera has none.
    public var preset: String?
    /// At least one.
    public var rules: ZoneRules

    public init(zone: Zone, rules: ZoneRules) {
        self.zone = zone
        self.rules = rules
    }
}
