public import Foundation

/// What a message says of a camera.
public struct CameraIdentity: Sendable, Hashable {
    public var id: String
    public var name: String
    /// The camera's 20-digit GB/T 28181 id.
    public var gb28181: String?
    public var longitude: Double?
    public var latitude: Double?
    public var place: GridLocation
    public var timeZone: TimeZone

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
