public import Foundation

/// The identity of a sender: one daemon at one place, with everything that determines its messages.
public struct SiteIdentity: Sendable, Hashable {
    /// The model that detected the object.
    public struct Model: Sendable, Hashable {
        public var name: String
        public var version: String
        public var sha256: String

        public init(name: String, version: String, sha256: String) {
            self.name = name
            self.version = version
            self.sha256 = sha256
        }
    }

    public var id: String
    public var place: GridLocation
    /// The software's version.
    public var software: String
    public var configurationSHA256: String
    /// The catalogue's version.
    public var catalogue: String
    /// Of cameras that name none of their own.
    public var model: Model
    /// The public key that signs the ledger of its evidence; nil where none is kept.
    public var ledgerKey: String?
    /// The time zone of the site's dates.
    public var timeZone: TimeZone

    public init(
        id: String, place: GridLocation, software: String, configurationSHA256: String, catalogue: String, model: Model,
        timeZone: TimeZone = .gmt
    ) {
        self.id = id
        self.place = place
        self.software = software
        self.configurationSHA256 = configurationSHA256
        self.catalogue = catalogue
        self.model = model
        self.timeZone = timeZone
    }

    /// The `source` of the site's messages.
    public var source: String { "/sites/\(id)" }
}

/// The description of a camera in a message.
public struct CameraIdentity: Sendable, Hashable {
    public var id: String
    public var name: String
    /// The camera's 20-digit GB/T 28181 id.
    public var gb28181: String?
    public var longitude: Double?
    public var latitude: Double?
    public var place: GridLocation
    public var timeZone: TimeZone
    /// The model that looks at its pictures; nil where that is the site's.
    public var model: SiteIdentity.Model?

    public init(
        id: String, name: String, gb28181: String? = nil, longitude: Double? = nil, latitude: Double? = nil,
        place: GridLocation, timeZone: TimeZone
    ) {
        self.id = id
        self.name = name
        self.gb28181 = gb28181
        self.longitude = longitude
        self.latitude = latitude
        self.place = place
        self.timeZone = timeZone
    }
}
