/// The pictures that prove an incident.
public struct EvidenceSettings: Sendable, Hashable {
    public var isEnabled = true
    /// `<state_directory>/evidence` unless the file says otherwise.
    public var directory: String
    /// Whether masked pictures are sent to the broker, after the alert that they belong to.
    public var isPublished = false
    /// Days, 1…3650; older pictures are deleted.
    public var keepDays = 30
    /// 16…10000000, of pictures and messages.
    public var maxMegabytes = 10_000
    /// libav's scale, 2 (best) … 31 (smallest).
    public var jpegQuality = 4

    /// Incidents of which the masked pictures are kept for learning where a review finds a false alarm; 0 keeps none.
    public var hardExamples = 0

    public init(directory: String) { self.directory = directory }
}
