/// A picture that may leave the box, and where it goes.
public struct AlertPicture: Sendable, Hashable {
    /// Ends in its hash.
    public let topic: String
    /// Relative to the evidence folder.
    public let file: String
    public let sha256: String

    package init(topic: String, file: String, sha256: String) {
        self.topic = topic
        self.file = file
        self.sha256 = sha256
    }
}
