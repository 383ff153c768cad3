/// The files of an encrypted connection to the broker.
public struct TLSSettings: Sendable, Hashable {
    /// The certificates that are trusted, PEM.
    public var caFile = "/etc/ssl/certs/ca-certificates.crt"
    /// This site's own certificate, PEM; given together with `keyFile` or not at all.
    public var certificateFile: String?
    /// The key of `certificateFile`, PEM.
    public var keyFile: String?

    public init() {}
}
