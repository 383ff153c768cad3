/// One object that the detector saw in one picture.
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

/// What an alert can be about: the detector's classes that rules know, a part of COCO's, and what the product's own
/// methods find.
public enum ObjectClass: String, Sendable, Codable, CaseIterable {
    case person, bicycle, car, motorcycle, bus, truck
    case bench, bird, cat, dog, umbrella, handbag, suitcase, bottle, cup, bowl, banana, apple, orange, chair
    case diningTable = "dining table"
    /// Something that was put down, of no class that the detector knows.
    case object
    /// A place where somebody seems to sell.
    case stall
    case smoke, fire, water, crowd

    /// Motor vehicles with four and more wheels; the detector confuses these with one another.
    @inlinable public var isMotorVehicle: Bool { self == .car || self == .bus || self == .truck }

    /// What may carry a number plate.
    @inlinable public var isPlated: Bool { isMotorVehicle || self == .motorcycle }

    /// Vehicles of every kind; people: whatever stands for a while and goes by itself.
    @inlinable public var standsAndLeaves: Bool {
        isMotorVehicle || self == .motorcycle || self == .bicycle || self == .person
    }

    /// What somebody who sells brings along. Food counts by the piece, which nobody else lays out in the street.
    @inlinable public var isGoods: Bool {
        switch self {
        case .umbrella, .suitcase, .bench, .chair, .diningTable, .bottle, .cup, .bowl, .banana, .apple, .orange,
            .handbag:
            true
        default: false
        }
    }
}
