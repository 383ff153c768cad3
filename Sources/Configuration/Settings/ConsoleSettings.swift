/// The console: the page of the box, and its API.
public struct ConsoleSettings: Sendable, Hashable {
    /// Nil for no console.
    public var listen: MetricsSettings.Endpoint?
    /// Names under which it may be asked for, with or without a port, besides those of the loopback.
    public var hosts: [String] = []
    /// The addresses of proxies whose word about the client is taken.
    public var trustedProxies: [String] = []
    /// Whether it may listen beyond the loopback without TLS in front of it.
    public var isInsecure = false
    public var discovery = DiscoverySettings()

    public init() {}

    /// Whether only this machine reaches an address.
    public static func isLoopback(_ address: String) -> Bool {
        address == "::1" || address.hasPrefix("127.")
    }
}

/// The search for cameras in a network.
public struct DiscoverySettings: Sendable, Hashable {
    /// The names of the interfaces that are asked on; none for no search.
    public var interfaces: [String] = []

    public init() {}
}
