/// Where Prometheus may ask.
public struct MetricsSettings: Sendable, Hashable {
    /// An address of this machine and a port.
    public struct Endpoint: Sendable, Hashable {
        /// IPv4 or IPv6, in digits, without brackets.
        public var address: String
        /// 1…65535.
        public var port: Int

        public init(address: String, port: Int) {
            self.address = address
            self.port = port
        }
    }

    /// Nil: nowhere.
    public var listen: Endpoint?

    public init() {}
}
