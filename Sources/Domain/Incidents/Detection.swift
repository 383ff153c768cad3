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
