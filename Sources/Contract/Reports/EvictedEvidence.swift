/// How much evidence was deleted before its time because its budget was spent, since the site began.
public struct EvictedEvidence: Codable, Sendable, Hashable {
    public var incidents: Int
    public var bytes: Int

    public init(incidents: Int, bytes: Int) {
        self.incidents = incidents
        self.bytes = bytes
    }
}
