/// A picture that may leave the box, and where it goes.
public struct AlertPicture: Sendable, Hashable {
    /// Ends in its hash.
    public let topic: String
    /// Relative to the evidence folder.
    public let file: String
    public let sha256: String
}
