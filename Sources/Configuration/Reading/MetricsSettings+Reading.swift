import Glibc

extension MetricsSettings {
    enum Key: String, CaseIterable { case listen }

    static func read(_ section: Section<Key>) -> MetricsSettings {
        var metrics = MetricsSettings()
        let form = "an address of this machine and a port, e.g. 127.0.0.1:9464 or [::1]:9464"
        metrics.listen = section.text(.listen, form: form) { endpoint($0) != nil }.flatMap(endpoint)
        return metrics
    }

    private static func endpoint(_ text: String) -> Endpoint? {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65535).contains(port)
        else { return nil }
        let host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            let address = String(host.dropFirst().dropLast())
            var bytes = in6_addr()
            return inet_pton(AF_INET6, address, &bytes) == 1 ? Endpoint(address: address, port: port) : nil
        }
        var bytes = in_addr()
        return inet_pton(AF_INET, String(host), &bytes) == 1 ? Endpoint(address: String(host), port: port) : nil
    }
}
