/// What became of a request for a picture.
public enum Snapshot: Sendable, Hashable {
    /// It lies in the evidence folder.
    case taken(sha256: String, file: String)
    case refused(Refusal)

    /// For a site that takes no pictures on request.
    public static func unavailable(camera: String) -> Snapshot {
        .refused(Refusal(.unavailable, "this site takes no pictures on request"))
    }
}
