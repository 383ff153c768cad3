package import Domain

/// What the console has of its site to put a camera into service. Closures block where they say so.
package struct Commissioning: Sendable {
    /// Opens a stream as a camera would, looks at it, and says what it found. Ends soon after it was cancelled, but for the
    /// look-up of a host's name.
    package let test:
        @Sendable (StreamAddress, _ stage: @escaping @Sendable (StreamTest.Stage) -> Void) async ->
            StreamTest.Outcome
    /// What a new camera may be. Blocks, and throws `CameraRefusal` where there is no file.
    package let offer: @Sendable () throws -> Offer
    /// Writes a camera into the configuration as the version of an account, and has the site take it over; a trial writes
    /// nothing. Throws `CameraRefusal`.
    package let add: @Sendable (NewCamera, StreamAddress, _ by: String, _ isTrial: Bool) async throws -> AddedCamera
    /// Asks the cameras of the network to name themselves; nil where the configuration names no network.
    package let search: (@Sendable () async -> Search)?

    package init(
        test:
            @escaping @Sendable (StreamAddress, _ stage: @escaping @Sendable (StreamTest.Stage) -> Void) async ->
            StreamTest.Outcome,
        offer: @escaping @Sendable () throws -> Offer,
        add: @escaping @Sendable (NewCamera, StreamAddress, _ by: String, _ isTrial: Bool) async throws -> AddedCamera,
        search: (@Sendable () async -> Search)? = nil
    ) {
        (self.test, self.offer, self.add, self.search) = (test, offer, add, search)
    }

    /// What the page offers for a new camera.
    package struct Offer: Sendable, Encodable {
        package struct Place: Sendable, Encodable, Hashable {
            package let area: String
            package let grid: String
            package let microgrid: String

            package init(area: String, grid: String, microgrid: String) {
                (self.area, self.grid, self.microgrid) = (area, grid, microgrid)
            }
        }

        /// What a zone may be drawn for.
        package struct Template: Sendable, Encodable, Hashable {
            package let kind: String
            package let name: LocalizedName
            package let surface: String
            /// Seconds.
            package let dwell: Double

            package init(kind: String, name: LocalizedName, surface: String, dwell: Double) {
                (self.kind, self.name, self.surface, self.dwell) = (kind, name, surface, dwell)
            }
        }

        /// The site's own place first, then those of its cameras.
        package let places: [Place]
        /// The ids that are taken.
        package let cameras: [String]
        /// One that is free.
        package let id: String
        package let templates: [Template]
        package var search = false

        package init(places: [Place], cameras: [String], id: String, templates: [Template]) {
            (self.places, self.cameras, self.id, self.templates) = (places, cameras, id, templates)
        }
    }

    /// What a search has found.
    package struct Search: Sendable, Encodable {
        /// All texts are the camera's own word.
        package struct Item: Sendable, Encodable, Hashable {
            package let address: String
            package let name: String
            package let hardware: String
            package let location: String

            package init(address: String, name: String, hardware: String, location: String) {
                (self.address, self.name, self.hardware, self.location) = (address, name, hardware, location)
            }
        }

        package let items: [Item]
        /// Interfaces of the configuration on which nothing could be asked.
        package let deaf: [String]
        /// More answered than are taken.
        package let isCut: Bool

        package init(items: [Item], deaf: [String], isCut: Bool) {
            (self.items, self.deaf, self.isCut) = (items, deaf, isCut)
        }

        private enum CodingKeys: String, CodingKey {
            case items, deaf
            case isCut = "cut"
        }
    }
}

/// A stream that somebody wants to watch, with the password that it takes. It shows in no description.
package struct StreamAddress: Sendable, CustomStringConvertible, CustomReflectable {
    package enum Transport: String, Sendable, Codable, CaseIterable { case auto, tcp, udp }

    /// As it was written; it may contain user and password.
    package let url: String
    package let user: String?
    package let password: String?
    package let transport: Transport

    package init(url: String, user: String?, password: String?, transport: Transport) {
        (self.url, self.user, self.password, self.transport) = (url, user, password, transport)
    }

    package var description: String { "•••" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A camera as the page describes it, but for its stream.
package struct NewCamera: Sendable, Decodable, Equatable {
    package struct Zone: Sendable, Decodable, Equatable {
        package let id: String
        package let name: String?
        package let surface: String
        /// Corners in shares of the picture.
        package let polygon: [[Double]]
        package let kind: String
        /// Seconds.
        package let dwell: Double
    }

    package let id: String
    package let name: String?
    /// 12 digits.
    package let area: String?
    package let grid: String?
    package let microgrid: String?
    package let gb28181: String?
    package let longitude: Double?
    package let latitude: Double?
    package let purpose: String
    /// A sign at the place tells of the camera.
    package let signage: Bool
    package let zones: [Zone]
    /// The hash of the file that the change was shown for; nil for any.
    package let version: String?
}

/// What became of a new camera.
package struct AddedCamera: Sendable, Encodable {
    package enum Outcome: String, Sendable, Encodable {
        /// Nothing was written.
        case trial
        /// The site watches it.
        case applied
        /// Written, and taken over at the next start: something else in the file needs it.
        case needsRestart = "needs_restart"
        /// Written, and the site goes on with the old configuration; the log has the reason.
        case refused
        /// Written, and the site has not said yet whether it takes it.
        case unknown
    }

    package let id: String
    package let outcome: Outcome
    /// The lines of the file that change, without passwords.
    package let diff: String
    /// The hash of the file that the change is for.
    package let version: String
    /// The keys that need a restart.
    package var keys: [String] = []

    package init(id: String, outcome: Outcome, diff: String, version: String, keys: [String] = []) {
        (self.id, self.outcome, self.diff, self.version, self.keys) = (id, outcome, diff, version, keys)
    }
}

/// Why a camera is not added.
package enum CameraRefusal: Error, Sendable {
    /// What is wrong with it, by the key of the request.
    case faults([FieldFault])
    /// Somebody else has changed the file since it was shown.
    case changed
    /// Another change is under way.
    case busy
    /// The daemon may not write the file; `patch` is what to add there.
    case notWritable(patch: String)
}

/// What is wrong with one part of a request, and what to do, in both languages.
package struct FieldFault: Sendable, Hashable {
    /// Keys, and places of lists, e.g. `zones[0].polygon`.
    package let path: String
    package let zh: String
    package let en: String

    package init(_ path: String, zh: String, en: String) { (self.path, self.zh, self.en) = (path, zh, en) }
}
