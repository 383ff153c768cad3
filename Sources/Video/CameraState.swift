/// Whether a camera gives pictures.
public enum CameraState: Sendable, Equatable {
    case connecting
    case online
    /// With the reason, free of credentials.
    case offline(String)
    /// A file that has been read to its end.
    case ended
}
