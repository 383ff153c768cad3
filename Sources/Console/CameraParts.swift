package import Domain
package import Foundation

/// What the console has of the site's cameras.
package struct CameraParts: Sendable {
    /// A camera as the page shows it.
    package struct Row: Sendable, Encodable, Hashable {
        package let id: String
        package let name: String
        /// The code of its area: who may see it.
        package let area: String
        package var grid = ""
        package var microgrid = ""
        /// As on MQTT; `connecting` before the first report.
        package let state: String
        /// As on MQTT: `frozen`, `black`, `covered`, `out_of_focus` or `moved`.
        package var fault: String?
        /// Since when, RFC 3339; nil before the first report.
        package var since: String?
        /// Why, and what to do.
        package var cause: LocalizedName
        package var action: LocalizedName
        /// The camera's or the daemon's own words, as on MQTT.
        package var reason: String?
        package var warning: String?
        package let openIncidents: Int
        package let secondsSinceLook: Double?
        package let looksPerSecond: Double
        /// Processors that it keeps busy; nil before two looks.
        package var cores: Double?
        /// Its clock minus ours, in seconds; nil where unknown.
        package var clockOffset: Double?
        /// Seconds in which it did not see or was offline, since midnight at the place.
        package var blindToday = 0.0
        /// Width and height of its pictures in pixels, as shown; nil before the first one.
        package var size: [Int]?
        /// Only where one camera was asked for.
        package var zones: [Zone]?

        package init(
            id: String, name: String, area: String, state: String, cause: LocalizedName, action: LocalizedName,
            openIncidents: Int, secondsSinceLook: Double?, looksPerSecond: Double
        ) {
            (self.id, self.name, self.area, self.state) = (id, name, area, state)
            (self.cause, self.action, self.openIncidents) = (cause, action, openIncidents)
            (self.secondsSinceLook, self.looksPerSecond) = (secondsSinceLook, looksPerSecond)
        }

        private enum CodingKeys: String, CodingKey {
            case id, name, area, grid, microgrid, state, fault, since, cause, action, reason, warning, cores, size,
                zones
            case openIncidents = "open_incidents"
            case secondsSinceLook = "seconds_since_look"
            case looksPerSecond = "looks_per_second"
            case clockOffset = "clock_offset_seconds"
            case blindToday = "blind_seconds_today"
        }
    }

    /// One zone of a camera.
    package struct Zone: Sendable, Encodable, Hashable {
        package enum State: String, Sendable, Encodable {
            /// It is looked at as promised.
            case watched
            /// None of its rules applies at this hour.
            case resting
            /// The camera shows another preset.
            case elsewhere
            /// Its camera cannot see.
            case unseen
            /// Looks come later than promised.
            case late
            /// Nothing is promised while there is more to look at than time.
            case shed
        }

        package struct Rule: Sendable, Encodable, Hashable {
            package let kind: String
            package let name: LocalizedName
            /// Seconds that are tolerated.
            package let dwell: Double

            package init(kind: String, name: LocalizedName, dwell: Double) {
                (self.kind, self.name, self.dwell) = (kind, name, dwell)
            }
        }

        package let id: String
        package let name: String
        package let state: State
        /// Seconds in which it was not looked at as promised, since the camera was started.
        package let blindSeconds: Double
        package let rules: [Rule]
        /// The preset that it was drawn on; nil where its camera has none.
        package let preset: String?
        /// Corners in shares of the picture, x and y.
        package let polygon: [[Double]]
        /// Pixels of a car that is found as reliably as a larger one; nil where that is not known.
        package let smallestCar: Int?

        package init(
            id: String, name: String, state: State, blindSeconds: Double, rules: [Rule], preset: String? = nil,
            polygon: [[Double]], smallestCar: Int? = nil
        ) {
            (self.id, self.name, self.state, self.blindSeconds) = (id, name, state, blindSeconds)
            (self.rules, self.preset, self.polygon, self.smallestCar) = (rules, preset, polygon, smallestCar)
        }

        private enum CodingKeys: String, CodingKey {
            case id, name, state, rules, preset, polygon
            case blindSeconds = "blind_seconds"
            case smallestCar = "smallest_car_px"
        }
    }

    /// A small masked picture.
    package struct Still: Sendable {
        /// JPEG.
        package let jpeg: [UInt8]
        package let taken: Date
        /// Seconds.
        package var age: Double

        package init(jpeg: [UInt8], taken: Date, age: Double) {
            (self.jpeg, self.taken, self.age) = (jpeg, taken, age)
        }
    }

    package enum StillAnswer: Sendable {
        case picture(Still)
        /// The site keeps no evidence, so nothing is there to mask with.
        case noMasks
        /// Faces and plates cannot be masked for certain.
        case cannotMask
        /// The camera sends none, and there is none from before.
        case offline
        /// No look came in time: the camera rests, or connects.
        case noPicture
        /// Too many wait.
        case busy
    }

    /// How long a camera saw in a stretch of time, and what kept it from seeing, in seconds; what is missing was not
    /// recorded.
    package struct Coverage: Sendable, Hashable {
        package var saw = 0.0
        package var blind = 0.0
        package var offline = 0.0

        package init(saw: Double = 0, blind: Double = 0, offline: Double = 0) {
            (self.saw, self.blind, self.offline) = (saw, blind, offline)
        }

        package static func += (sum: inout Coverage, more: Coverage) {
            sum.saw += more.saw
            sum.blind += more.blind
            sum.offline += more.offline
        }
    }

    /// Messages that waited for the broker.
    package struct Backlog: Sendable, Hashable {
        package var most = 0
        /// How long any waited, in seconds.
        package var seconds = 0.0

        package init(most: Int = 0, seconds: Double = 0) { (self.most, self.seconds) = (most, seconds) }
    }

    /// Quarters of an hour, oldest first, the last of which has not ended.
    package struct History: Sendable, Hashable {
        package static let quarter = 900.0

        /// When the first quarter began, in seconds since 1970: a multiple of a quarter.
        package let start: Double
        /// How much of the last one is over, in seconds.
        package let elapsed: Double
        package let backlog: [Backlog]
        /// By camera, as many as `backlog`.
        package let coverage: [String: [Coverage]]

        package init(start: Double, elapsed: Double, backlog: [Backlog], coverage: [String: [Coverage]]) {
            (self.start, self.elapsed, self.backlog, self.coverage) = (start, elapsed, backlog, coverage)
        }
    }

    /// All cameras. Blocks, and throws where the store does not answer.
    package let rows: @Sendable () throws -> [Row]
    /// The newest picture of a camera of this site; made for who asks, see docs/console.md.
    package let still: @Sendable (_ camera: String) async -> StillAnswer
    /// The last quarters of an hour. Blocks, and throws where the store does not answer.
    package let history: @Sendable (_ quarters: Int) throws -> History
    /// Takes who is to be told of each camera whose state changes; it must not wait.
    package let observe: @Sendable (_ body: @escaping @Sendable (_ camera: String) -> Void) -> Void

    package init(
        rows: @escaping @Sendable () throws -> [Row],
        still: @escaping @Sendable (_ camera: String) async -> StillAnswer,
        history: @escaping @Sendable (_ quarters: Int) throws -> History,
        observe: @escaping @Sendable (_ body: @escaping @Sendable (_ camera: String) -> Void) -> Void
    ) {
        (self.rows, self.still, self.history, self.observe) = (rows, still, history, observe)
    }
}
