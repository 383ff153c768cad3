/// One object detected in one picture.
public struct Detection: Hashable, Sendable, Codable {
    public var objectClass: ObjectClass
    /// 0…1.
    public var score: Double
    public var box: Box

    @inlinable public init(objectClass: ObjectClass, score: Double, box: Box) {
        self.objectClass = objectClass
        self.score = score
        self.box = box
    }
}

/// The object of an alert: those COCO classes of the detector that rules use, and the results of the product's own
/// methods.
public enum ObjectClass: String, Sendable, Codable, CaseIterable {
    case person, bicycle, car, motorcycle, bus, truck
    case bench, bird, cat, dog, umbrella, handbag, suitcase, bottle, cup, bowl, banana, apple, orange, chair
    case diningTable = "dining table"
    /// A put-down object of no class that the detector knows.
    case object
    /// A place of suspected vending.
    case stall
    case smoke, fire, water, crowd

    /// Motor vehicles with four and more wheels; the detector confuses these with one another.
    @inlinable public var isMotorVehicle: Bool { self == .car || self == .bus || self == .truck }

    /// Vehicles that may carry a number plate.
    @inlinable public var isPlated: Bool { isMotorVehicle || self == .motorcycle }

    /// Vehicles of every kind and people, which stand for a while and leave by themselves.
    @inlinable public var standsAndLeaves: Bool {
        isMotorVehicle || self == .motorcycle || self == .bicycle || self == .person
    }

    /// Things that vendors bring along. Food counts by the piece, since nobody else lays it out in the street.
    @inlinable public var isGoods: Bool {
        switch self {
        case .umbrella, .suitcase, .bench, .chair, .diningTable, .bottle, .cup, .bowl, .banana, .apple, .orange,
            .handbag:
            true
        default: false
        }
    }
}
