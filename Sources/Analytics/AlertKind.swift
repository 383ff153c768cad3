/// What an alert is about, e.g. `parking.motor`; the catalogue holds the rest.
public struct AlertKind: RawRepresentable, Hashable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }

    public static let illegalParking = AlertKind(rawValue: "parking.motor")
    public static let roadVending = AlertKind(rawValue: "vending.occupy_road")
    public static let itinerantVending = AlertKind(rawValue: "vending.itinerant")
    public static let outOfStore = AlertKind(rawValue: "vending.out_of_store")
    public static let exposedGarbage = AlertKind(rawValue: "env.garbage_exposed")
    public static let garbagePile = AlertKind(rawValue: "env.garbage_pile")
    public static let burning = AlertKind(rawValue: "env.burning")
    public static let smokeAndFire = AlertKind(rawValue: "safety.smoke_fire")
    public static let dirtyWater = AlertKind(rawValue: "env.water_dirty")
    public static let piledGoods = AlertKind(rawValue: "appearance.pile")
    public static let crowd = AlertKind(rawValue: "safety.crowd")
}
