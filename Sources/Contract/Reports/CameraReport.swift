public import Domain
public import Foundation

/// The retained state of one camera.
public struct CameraReport: Codable, Sendable, Hashable {
    /// Width and height in pixels, as sent and in square pixels as displayed; whether the shape is `stated` by the
    /// stream, `configured`, or `assumed` (square pixels); and the width and height of the network's input that they
    /// are fitted into.
    public struct Picture: Codable, Sendable, Hashable {
        public var stored: [Int]
        public var shown: [Int]
        public var shape: String
        public var input: [Int]?
        /// How well vehicles are seen in the zones that are watched for parking.
        public var zones: [Zone]?

        public init(stored: [Int], shown: [Int], shape: String, input: [Int]? = nil, zones: [Zone]? = nil) {
            (self.stored, self.shown, self.shape, self.input) = (stored, shown, shape, input)
            self.zones = zones
        }
    }

    /// How well vehicles are seen in one zone.
    public struct Zone: Codable, Sendable, Hashable {
        public var zone: String
        /// Width of a car, seen from the side, from which it is found as reliably as a larger one, in displayed pixels.
        public var smallestCar: Int
        /// Parts of the picture that are detected besides the whole because vehicles are small there.
        public var tiles: Int
        /// The picture's edges that the zone reaches, which may cut vehicles: `left`, `right`, `top`, `bottom`.
        public var cutBy: [String]

        enum CodingKeys: String, CodingKey {
            case zone, tiles
            case smallestCar = "smallest_car_px"
            case cutBy = "cut_by"
        }

        public init(zone: String, smallestCar: Int, tiles: Int, cutBy: [String]) {
            (self.zone, self.smallestCar, self.tiles, self.cutBy) = (zone, smallestCar, tiles, cutBy)
        }
    }

    public enum State: String, Codable, Sendable, CaseIterable { case online, frozen, blind, moved, offline }

    public var camera: String
    public var site: String
    public var state: State { didSet { zonesResting = state != .online } }
    /// Whether no zone of the camera is judged: no incident begins or is closed.
    public private(set) var zonesResting: Bool
    public var at: String
    public var looksPerSecond: Double?
    /// How long nothing has been visible, in seconds.
    public var blindSeconds: Double?
    /// The reason as text, free of credentials.
    public var reason: String?
    /// The fault: `frozen`, `black`, `covered`, `out_of_focus` or `moved`.
    public var fault: String?
    /// When the fault began.
    public var since: String?
    /// What an operator should know although the camera works: a clock or the picture's size has changed, or the stream
    /// does not state the shape of its pixels.
    public var warning: String?
    /// The size of its pictures, once one has been processed.
    public var picture: Picture?
    /// Its current preset, whose zones are watched; absent where it has none, or shows none of them.
    public var preset: String?
    /// The camera's clock minus the computer's, where RTCP gives it.
    public var clockOffsetMilliseconds: Int?

    private enum CodingKeys: String, CodingKey {
        case camera, site, state, at, reason, fault, since, warning, picture, preset
        case clockOffsetMilliseconds = "clock_offset_ms"
        case zonesResting = "zones_resting"
        case looksPerSecond = "looks_per_second"
        case blindSeconds = "blind_seconds"
    }

    /// Reads a payload.
    public init(json: Data) throws { self = try JSONDecoder().decode(CameraReport.self, from: json) }

    public init(
        camera: CameraIdentity, site: SiteIdentity, state: State, at date: Date = Date(), looksPerSecond: Double? = nil,
        blindSeconds: Double? = nil, reason: String? = nil
    ) {
        self.camera = camera.id
        self.site = site.id
        self.state = state
        zonesResting = state != .online
        at = Self.text(date, camera)
        self.looksPerSecond = looksPerSecond.flatMap { $0.isFinite ? $0 : nil }
        self.blindSeconds = blindSeconds.flatMap { $0.isFinite ? $0 : nil }
        self.reason = reason
    }

    /// A date in the format of this report, in the camera's time zone.
    public static func text(_ date: Date, _ camera: CameraIdentity) -> String {
        RFC3339.string(from: date, in: camera.timeZone)
    }
}
