/// The object classes that rules know, a part of COCO's.
public enum ObjectClass: String, Sendable, Codable, CaseIterable {
    case person, bicycle, car, motorcycle, bus, truck

    /// Motor vehicles with four and more wheels; the detector confuses these with one another.
    public var isMotorVehicle: Bool { self == .car || self == .bus || self == .truck }

    /// What may carry a number plate.
    public var isPlated: Bool { isMotorVehicle || self == .motorcycle }
}

/// One object that the detector saw in one picture.
public struct Detection: Hashable, Sendable, Codable {
    public var objectClass: ObjectClass
    /// 0…1.
    public var score: Double
    public var box: Box

    public init(objectClass: ObjectClass, score: Double, box: Box) {
        self.objectClass = objectClass
        self.score = score
        self.box = box
    }
}
