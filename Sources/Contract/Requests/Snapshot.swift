/// What became of a request for a picture.
public enum Snapshot: Sendable, Hashable {
    /// It lies in the evidence folder.
    case taken(sha256: String, file: String)
    case refused(Rejection)

    /// For a site that takes no pictures on request.
    public static func unavailable(camera: String) -> Snapshot {
        .refused(Rejection(.unavailable, "this site takes no pictures on request"))
    }
}
