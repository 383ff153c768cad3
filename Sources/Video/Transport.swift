/// How RTP travels.
public enum Transport: String, Sendable, Codable, CaseIterable {
    /// Over TCP, and over UDP where the camera refuses TCP or sends nothing over it.
    case auto
    case tcp
    case udp
}
