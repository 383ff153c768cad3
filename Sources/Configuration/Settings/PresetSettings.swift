/// One of the views that a camera turns to.
public struct PresetSettings: Sendable, Hashable {
    /// Lower-case letters, digits and hyphens.
    public var id: String
    /// Path of a JPEG or PNG that was taken there.
    public var picture: String

    public init(id: String, picture: String) { (self.id, self.picture) = (id, picture) }
}
